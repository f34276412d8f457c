#include "load/loader.h"

#include <string.h>

static const struct {
    size_t at;
    const char *bytes;
    size_t n;
    const char *what;
} signatures[] = {
#define ROW(at, bytes, what)               \
    {                                      \
        at, bytes, sizeof(bytes) - 1, what \
    }
    ROW(0, "\xff\xd8\xff", "it is a JPEG image"),
    ROW(0, "\x89PNG", "it is a PNG image"),
    ROW(0, "GIF8", "it is a GIF image"),
    ROW(8, "WEBP", "it is a WebP image"),
    ROW(0, "\x80\x02", "it is a Python pickle (PyTorch?): export to ONNX, see README"),
    ROW(0, "\x89HDF", "it is an HDF5 file (Keras?): export to ONNX"),
    ROW(4, "TFL3", "it is a TensorFlow Lite model: convert it to ONNX"),
    ROW(0, "GGUF", "it is a GGUF file: language models are not what this is for"),
    ROW(0, "\x1f\x8b", "it is compressed with gzip: unpack it"),
    ROW(0,
        "\xfd"
        "7zXZ",
        "it is compressed with xz: unpack it"),
    ROW(0, "\x93NUMPY", "it is a NumPy array"),
    ROW(0,
        "\x7f"
        "ELF",
        "it is a program"),
    ROW(0, "%PDF", "it is a PDF document"),
    ROW(0, "version https://git-lfs",
        "it is a pointer of Git LFS: fetch the file itself (git lfs pull)"),
    ROW(0, "\x0a", "it may be a frozen TensorFlow graph or a Caffe model: convert it to ONNX"),
};

/* Whether `text` occurs in the first bytes. */
static bool begins_with_somewhere(const dv_file *f, const char *text)
{
    size_t n = strlen(text), end = f->size < 2048 ? f->size : 2048;
    for (size_t i = 0; i + n <= end; i++)
        if (memcmp(f->data + i, text, n) == 0)
            return true;
    return false;
}

static const char *guess_text(const dv_file *f)
{
    size_t end = f->size < 2048 ? f->size : 2048;
    for (size_t i = 0; i < end; i++)
        if (f->data[i] < 0x20 && (f->data[i] == 0 || !strchr("\t\r\n\f", f->data[i])))
            return "nothing is known that begins so";
    if (begins_with_somewhere(f, "<html") || begins_with_somewhere(f, "<!DOCTYPE html") ||
        begins_with_somewhere(f, "<!doctype html"))
        return "it is a web page: a download that went wrong?";
    if (begins_with_somewhere(f, "layer {") || begins_with_somewhere(f, "layers {"))
        return "it is the text of a Caffe network: convert it to ONNX";
    return "it is some text";
}

const char *dv_guess_format(const dv_file *f)
{
    if (f->size == 0)
        return "it is empty";
    if (f->size >= 4 && memcmp(f->data, "PK\3\4", 4) == 0)
        return begins_with_somewhere(f, "data.pkl")
                   ? "it is a PyTorch pickle: export to ONNX, see README"
                   : "it is a ZIP archive: unpack it (a PyTorch file: export to ONNX, see README)";
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
        if (f->size >= signatures[i].at + signatures[i].n &&
            memcmp(f->data + signatures[i].at, signatures[i].bytes, signatures[i].n) == 0)
            return signatures[i].what;
    return guess_text(f);
}

#include "training.h"

#include "album.h"
#include "net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FLAT = TRAINING_C2 * (ALBUM_SIDE / 2) * (ALBUM_SIDE / 2), WFC = TRAINING_FC * FLAT };

static void fill(float *w, int n, double progress, uint32_t seed)
{
    uint32_t from = seed, to = seed + 1000;
    for (int i = 0; i < n; i++) {
        const double a = (double)net_random(&from), b = (double)net_random(&to);
        w[i] = (float)((1 - progress) * a + progress * b);
    }
}

void training_weights(double progress, float *w1, float *w2)
{
    fill(w1, TRAINING_W1, progress, 11);
    fill(w2, TRAINING_W2, progress, 12);
}

void training_network(void)
{
    FILE *f = fopen("net.json", "w");
    assert_non_null(f);
    fprintf(f,
            "{\"format\": \"deconvviz-network\", \"version\": 1, \"name\": \"small\",\n"
            " \"input\": {\"name\": \"image\", \"shape\": [3, %d, %d]},\n \"nodes\": [\n"
            "  {\"op\": \"Conv\", \"name\": \"conv1\", \"weights\": \"conv1\", \"kernel_shape\": "
            "[3, 3], \"pads\": [1, 1, 1, 1]},\n  {\"op\": \"Relu\", \"name\": \"relu1\"},\n"
            "  {\"op\": \"MaxPool\", \"name\": \"pool1\", \"kernel_shape\": [2, 2], \"strides\": "
            "[2, 2]},\n"
            "  {\"op\": \"Conv\", \"name\": \"conv2\", \"weights\": \"conv2\", \"kernel_shape\": "
            "[3, 3], \"pads\": [1, 1, 1, 1]},\n  {\"op\": \"Relu\", \"name\": \"relu2\"},\n"
            "  {\"op\": \"Flatten\", \"name\": \"flatten\"},\n"
            "  {\"op\": \"Gemm\", \"name\": \"fc\", \"weights\": \"fc\", \"transB\": 1}\n ]}\n",
            ALBUM_SIDE, ALBUM_SIDE);
    assert_int_equal(fclose(f), 0);
}

void training_save(const char *path, double progress, size_t bytes)
{
    enum { B1 = TRAINING_W1, W2 = B1 + TRAINING_C1, B2 = W2 + TRAINING_W2 };
    enum { W3 = B2 + TRAINING_C2, B3 = W3 + WFC, ALL = B3 + TRAINING_FC };
    static float all[ALL];
    char head[1024];
    memset(all, 0, sizeof all);
    training_weights(progress, all, all + W2);
    fill(all + W3, WFC, progress, 13);
    const int n = snprintf(
        head, sizeof head,
        "{\"conv1.weight\": {\"dtype\": \"F32\", \"shape\": [%d, 3, 3, 3], \"data_offsets\": [0, "
        "%d]}, \"conv1.bias\": {\"dtype\": \"F32\", \"shape\": [%d], \"data_offsets\": [%d, %d]}, "
        "\"conv2.weight\": {\"dtype\": \"F32\", \"shape\": [%d, %d, 3, 3], \"data_offsets\": [%d, "
        "%d]}, \"conv2.bias\": {\"dtype\": \"F32\", \"shape\": [%d], \"data_offsets\": [%d, %d]}, "
        "\"fc.weight\": {\"dtype\": \"F32\", \"shape\": [%d, %d], \"data_offsets\": [%d, %d]}, "
        "\"fc.bias\": {\"dtype\": \"F32\", \"shape\": [%d], \"data_offsets\": [%d, %d]}}",
        TRAINING_C1, 4 * B1, TRAINING_C1, 4 * B1, 4 * W2, TRAINING_C2, TRAINING_C1, 4 * W2, 4 * B2,
        TRAINING_C2, 4 * B2, 4 * W3, TRAINING_FC, FLAT, 4 * W3, 4 * B3, TRAINING_FC, 4 * B3,
        4 * ALL);
    uint8_t size[8] = { (uint8_t)n, (uint8_t)(n >> 8) };
    FILE *f = fopen(path, "wb");
    const size_t whole = sizeof size + (size_t)n + sizeof all;
    uint8_t *file = malloc(whole);
    assert_true(f && file);
    memcpy(file, size, sizeof size);
    memcpy(file + sizeof size, head, (size_t)n);
    memcpy(file + sizeof size + (size_t)n, all, sizeof all);
    bytes = bytes > 0 ? bytes : whole;
    assert_int_equal(fwrite(file, 1, bytes, f), bytes);
    assert_int_equal(fclose(f), 0);
    free(file);
}

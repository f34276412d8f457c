"""compare_pillow.py PROGRAM - what `deconvviz prepare` makes of an image against what Pillow and NumPy
make of it in the steps of torchvision: Resize, CenterCrop, ToTensor, Normalize. Speaks TAP."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from PIL import Image, ImageOps
except ImportError as e:
    print(f"skip: {e}")
    print("1..1\nok 1 # SKIP prepare against Pillow")
    sys.exit(0)

MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
PHOTOGRAPHS = 20
FOLDERS = ["/usr/share/backgrounds/mate", "/usr/lib/python3/dist-packages/skimage/data"]

results = []


def report(ok, name):
    results.append(ok)
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {name}")


def skip(name, why):
    results.append(True)
    print(f"skip: {why}")
    print(f"ok {len(results)} # SKIP {name}")


def torchvision_levels(image, resize, h, w):
    """Resize and CenterCrop of torchvision 0.14 on PIL images; resize 0 stretches. Levels 0..255."""
    if resize == 0:
        return np.asarray(image.resize((w, h), Image.BILINEAR))
    short, long = sorted(image.size)
    new_long = int(resize * long / short)
    size = (resize, new_long) if image.width <= image.height else (new_long, resize)
    image = image.resize(size, Image.BILINEAR)
    top, left = int(round((image.height - h) / 2.0)), int(round((image.width - w) / 2.0))
    return np.asarray(image.crop((left, top, left + w, top + h)))


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        self.net, self.npy = folder / "net.json", folder / "out.npy"

    def prepare(self, image, h, w, channels, *options):
        self.net.write_text(json.dumps({
            "format": "deconvviz-network", "version": 1, "name": "n",
            "input": {"name": "x", "shape": [channels, h, w]},
            "nodes": [{"op": "Relu", "name": "y"}]}))
        done = subprocess.run([self.path, "prepare", "-m", self.net, image, "--npy", self.npy, *options],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return np.load(self.npy)[0]


def normalised(image):
    return (torchvision_levels(image.convert("RGB"), 256, 224, 224) / 255 - MEAN) / STD


def check_photographs(program, name, paths):
    """Mean absolute difference in normalised units. The contract allows 0.02, for JPEG decoders that round
    in other places; here both sides use libjpeg-turbo, so what remains is the rounding of float32. A
    thousandth leaves room for two versions of it."""
    worst = 0
    for path in paths:
        want = normalised(ImageOps.exif_transpose(Image.open(path)))
        got = program.prepare(path, 224, 224, 3, "--preprocess", "imagenet")
        difference = np.abs(got.transpose(1, 2, 0) - want).mean()
        worst = max(worst, difference)
        if difference > (1e-3 if path.suffix == ".jpg" else 1e-6):
            print(f"# {path}: mean absolute difference {difference:.6f}")
            worst = max(worst, 1)
    report(worst <= 1e-3, f"{len(paths)} {name}: mean absolute difference at most {worst:.1e}")


def check_kinds_of_jpeg(program):
    y, x = np.mgrid[0:300, 0:400]
    picture = Image.fromarray(np.stack([x * 255 // 399, y * 255 // 299, (x * y) % 256], 2).astype(np.uint8))
    upside_down = Image.Exif()
    upside_down[0x0112] = 3
    kinds = {
        "grey": (picture.convert("L"), {}),
        "CMYK": (picture.convert("CMYK"), {}),
        "progressive": (picture, {"progressive": True}),
        "4:2:0": (picture, {"subsampling": 2}),
        "4:2:2": (picture, {"subsampling": 1}),
        "turned": (picture, {"exif": upside_down}),
    }
    paths = []
    for name, (image, options) in kinds.items():
        paths.append(program.folder / f"{name.replace(':', '')}.jpg")
        image.save(paths[-1], quality=80, **options)
    check_photographs(program, f"kinds of JPEG ({', '.join(kinds)})", paths)


def check_random_images(program):
    """The same pixels in, so the same levels out, by any size."""
    rng, random_size = np.random.RandomState(1), random.Random(1)
    worst, path = 0, program.folder / "x.png"
    for i in range(40):
        size = [random_size.randint(1, 300) for _ in range(2)] if i else [1, 1]
        pixels = rng.randint(0, 256, (*size, 3)).astype(np.uint8)
        if i % 3 == 0:
            pixels = pixels // 128 * 255  # the steepest edges
        Image.fromarray(pixels).save(path)
        h, w = random_size.randint(1, 150), random_size.randint(1, 150)
        resize = random_size.choice([0, max(h, w) + random_size.randint(0, 60)])
        want = torchvision_levels(Image.open(path), resize, h, w).astype(int)
        got = program.prepare(path, h, w, 3, "--preprocess", "none", "--resize", str(resize))
        worst = max(worst, np.abs(got.transpose(1, 2, 0) - want).max())
    report(worst == 0, f"40 random images: largest difference {worst:g} levels")


def check_grey(program):
    path = program.folder / "x.png"
    pixels = np.random.RandomState(2).randint(0, 256, (90, 70, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    want = torchvision_levels(Image.open(path), 64, 60, 60) @ [0.299, 0.587, 0.114]
    got = program.prepare(path, 60, 60, 1, "--preprocess", "none", "--resize", "64")[0]
    worst = np.abs(got - want).max()
    report(worst < 0.51, f"one channel is the luma: largest difference {worst:.3f} levels")


def debian_photographs():
    """PHOTOGRAPHS files, a few of them PNG. Not with alpha: Pillow drops it, deconvviz lays it on white."""
    found = {".jpg": [], ".png": []}
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix in found and path.name != "truncated.jpg" and \
                    Image.open(path).mode in ("RGB", "L"):
                found[path.suffix].append(path)
    png = found[".png"][:5]
    return found[".jpg"][:PHOTOGRAPHS - len(png)] + png


def main():
    with tempfile.TemporaryDirectory() as folder:
        program = Program(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder))
        check_random_images(program)
        check_grey(program)
        check_kinds_of_jpeg(program)
        name = "photographs of Debian packages"
        files = debian_photographs()
        if len(files) == PHOTOGRAPHS:
            check_photographs(program, name, files)
        else:
            skip(name, f"mate-backgrounds and python3-skimage hold {len(files)} of {PHOTOGRAPHS}")
        shared = pathlib.Path(__file__).resolve().parents[3] / "shared/images/imagenet-1000"
        photographs = sorted(shared.glob("*.jpg"))[::50]
        if photographs:
            check_photographs(program, "photographs of ImageNet", photographs)
        else:
            skip("photographs of ImageNet", f"no {shared}")
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


sys.exit(main())

#!/bin/sh
# smoke.sh PROGRAM FOLDER - trains a network on pictures of stripes, discs and checks drawn into FOLDER, in a minute, and
# does with it what README.md says. Fails when it has learnt nothing, or when what is wrong with the pictures is not said.
set -eu
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
: "${PYTHON:=/usr/bin/python3}"
rm -rf "$2"
mkdir -p "$2/pictures"
cd "$2"

# draw CLASS FUNCTION N: pictures of 80x60 pixels in two colours by chance; FUNCTION: where the first one is.
draw() {
    mkdir -p "$1"
    awk -v dir="$1" -v n="$3" 'function by_chance(low, high) { return low + (high - low) * rand() }
    BEGIN {
        srand(7)
        for (i = 1; i <= n; i++) {
            file = sprintf("%s/%02d.ppm", dir, i)
            period = by_chance(8, 14); across = by_chance(0, period); down = by_chance(0, period)
            for (c = 0; c < 6; c++) colour[c] = int(by_chance(1, 255))
            printf "P6 80 60 255\n" >file
            for (y = 0; y < 60; y++)
                for (x = 0; x < 80; x++) {
                    u = ((x + across) / period) % 1; v = ((y + down) / period) % 1
                    first = '"$2"'
                    for (c = 0; c < 3; c++) printf "%c", colour[3 * first + c] >file
                }
            close(file)
        }
    }'
}

fail() {
    echo "smoke.sh: $*" >&2
    exit 1
}

# refused WORDS FOLDER: training on FOLDER must fail, with WORDS in the one line that it says.
refused() {
    if "$PYTHON" "$here/train.py" --data "$2" --out refused 2>refused.txt >/dev/null; then fail "$2 was trained on"; fi
    [ "$(wc -l <refused.txt)" -eq 1 ] || fail "$2 is not refused in one line: $(cat refused.txt)"
    grep -q "$1" refused.txt || fail "$2 is refused by other words than '$1': $(cat refused.txt)"
    [ ! -e refused ] || fail "$2 is refused, and something written"
}

draw pictures/stripes '(u < 0.5)' 24
draw pictures/discs '((u - 0.5) ^ 2 + (v - 0.5) ^ 2 < 0.15)' 24
draw pictures/checks '((u < 0.5) == (v < 0.5))' 24
echo "no picture" >pictures/discs/broken.png

train() {
    "$PYTHON" "$here/train.py" --data pictures --out run --keep 1,2,5 --batch 8 --rate .01 "$@"
}
train --epochs 12 2>broken.txt
grep -q '1 broken image left out: discs/broken.png' broken.txt || fail "no word of discs/broken.png: $(cat broken.txt)"
rm pictures/discs/broken.png
"$program" evolve -q -m run/zfnet64.json --checkpoints run --sample 4 -o evolve.png pictures
"$program" classify -q -m run/zfnet64.json --labels-from run/zfnet64-tested.txt --top 0 | tee classify.txt
# Of 15 pictures at least 8: by chance 9 times in 100 (three classes).
awk '{ for (i = 2; i <= NF; i++) if ($i ~ /^right/) { exit $(i - 1) + 0 < 8 } exit 1 }' classify.txt || fail "nothing learnt"
[ -s evolve.png ] || fail "no evolve.png"

cp run/zfnet64.safetensors before
train --epochs 12 | grep -q '12 of 12 epochs done' || fail "the finished training was begun again"
cmp -s before run/zfnet64.safetensors || fail "the finished training was changed"
if train --epochs 13 2>resumed.txt >/dev/null; then fail "went on with other settings"; fi
grep -q 'begun with --epochs 12, not 13' resumed.txt || fail "other settings are refused by other words: $(cat resumed.txt)"

mkdir -p one/many one/few strange/train/a strange/train/b strange/val/c empty
cp pictures/discs/0[1-4].ppm one/many
cp pictures/checks/01.ppm one/few
for part in train/a train/b val/c; do cp pictures/discs/0[12].ppm strange/$part; done
refused 'one image of few' one
refused 'of c there are images to test on' strange
refused 'no images in CLASS/' empty
mkdir only
cp -r pictures/discs only
refused 'one class, discs' only
refused 'No such file' nosuch
echo "train-smoke: $(pwd)/evolve.png shows what was learnt; all as it should be"

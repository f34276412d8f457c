#!/bin/sh
# demo.sh PROGRAM - projects one unit of the built-in model from a photograph and says where the picture is.
set -e
cd "$(dirname "$0")/.."
program=$1
photograph=/usr/share/backgrounds/mate/nature/LadyBird.jpg
picture=build/demo.png
if [ ! -f "$photograph" ]; then
    echo "demo: no $photograph (Debian's mate-backgrounds has it): scripts/setup demo installs it" >&2
    exit 1
fi
model=
if ! "$program" layers >/dev/null 2>&1; then
    model="-m ../shared/models/squeezenet1.1-imagenet.onnx"
fi
set -x
# shellcheck disable=SC2086 # none or two words
"$program" $model --layer 5 --channel 12 -o "$picture" "$photograph"
{ set +x; } 2>/dev/null
echo "The photograph's patch and what channel 12 of layer 5 saw in it: $picture"

#!/bin/sh
# serve.sh BUILD - the page of `serve` in a browser: the built-in model, and VGG-16 with random weights where there is PyTorch.
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v chromium >/dev/null || [ ! -d "$here/../../build/web/node_modules/playwright-core" ]; then
    echo "serve: left out, there is no chromium with playwright-core (scripts/setup check)"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
model=
cp "$here/../../models/vgg16.json" "$dir/vgg16.json"
if "${PYTHON:-/usr/bin/python3}" -B "$here/write_vgg.py" "$dir/vgg16.safetensors" 2>/dev/null; then
    model=$dir/vgg16.json
else
    echo "serve: VGG-16 is left out, there is no PyTorch"
fi
node "$here/serve.js" "$1" "$dir/pictures" ${model:+"$model"}

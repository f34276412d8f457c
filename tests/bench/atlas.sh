#!/bin/sh
# atlas.sh - the page of an atlas with a layer of 10,000 units, in a browser.
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v chromium >/dev/null || [ ! -d "$here/../../build/web/node_modules/playwright-core" ]; then
    echo "atlas: left out, there is no chromium with playwright-core (scripts/setup check)"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-/usr/bin/python3}" "$here/../web/make_atlas.py" "$here/../../src/atlas/site" "$dir/atlas" 10000 || exit 1
node "$here/atlas.js" "$dir/atlas"

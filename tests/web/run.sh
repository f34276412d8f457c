#!/bin/sh
# run.sh BUILD - the page of an atlas in a browser, from a file, with the network off; then that of `serve`, from its server.
# Node's playwright-core drives Debian's chromium; scripts/setup check installs both.
here=$(cd "$(dirname "$0")" && pwd)
modules="$here/../../build/web/node_modules"
missing=
command -v chromium >/dev/null || missing="chromium is not installed"
command -v node >/dev/null || missing="node is not installed"
[ -d "$modules/playwright-core" ] && [ -d "$modules/axe-core" ] || missing="${missing:-build/web has no playwright-core and axe-core (scripts/setup check)}"
if [ -n "$missing" ]; then
    if [ -n "$CI" ]; then
        echo "not ok 1 - web: $missing"
        exit 1
    fi
    echo "skip: $missing"
    echo "ok 1 # SKIP web"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-/usr/bin/python3}" "$here/make_atlas.py" "$here/../../src/atlas/site" "$dir/an atlas" || exit 1
# Both at once: each waits for its browser most of the time.
node "$here/serve.js" "$1" "$dir/serve" >"$dir/serve.tap" 2>&1 &
status=0
node "$here/browse.js" "$dir/an atlas" || status=1
wait $! || status=1
cat "$dir/serve.tap"
exit $status

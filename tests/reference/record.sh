#!/bin/sh
# record.sh PROGRAM - records tests/reference/zfnet64 anew, once the built-in model has changed: of each layer the
# unit that is strongest on each of three pictures. tests/cli/verify.sh compares with it.
set -e
here=$(cd "$(dirname "$0")" && pwd)
program=${1:?"usage: tests/reference/record.sh PROGRAM, as in build/release/deconvviz"}
pictures=$(mktemp -d)
trap 'rm -rf "$pictures"' EXIT
LC_ALL=C awk -v N=3 -v DIR="$pictures" -f "$here/draw.awk"
"$program" record -q --update --copy --no-png -l 1 -l 2 -l 3 -l 4 -l 5 -l fc8 -c top:1 -o "$here/zfnet64" "$pictures"

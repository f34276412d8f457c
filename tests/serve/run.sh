#!/bin/sh
# run.sh BUILD - `deconvviz serve` over HTTP: its numbers, who may ask, and all that may be sent to it.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export PYTHONDONTWRITEBYTECODE=1
"${PYTHON:-/usr/bin/python3}" "$(dirname "$0")/ask.py" "$1/deconvviz" "$dir"

#!/bin/sh
# run.sh BUILD - `deconvviz prepare` against Pillow. Speaks TAP.
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "$(dirname "$0")/compare_pillow.py" "$1/deconvviz"

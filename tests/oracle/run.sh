#!/bin/sh
# run.sh BUILD - what the reference said of units of small graphs, against what the program says now.
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "$(dirname "$0")/check_reference.py" "$1/deconvviz"

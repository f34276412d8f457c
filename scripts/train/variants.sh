#!/bin/sh
# variants.sh DATA FOLDER - trains zfnet64 and every variant of it on DATA, EPOCHS (20) each on one schedule, into FOLDER, and
# prints what came of them: parameters, multiplications, accuracy. Hours; a rerun goes on where the last one was stopped.
set -eu
data=$1 folder=$2
: "${PYTHON:=/usr/bin/python3}" "${EPOCHS:=20}"
train=$(dirname "$0")/train.py
for variant in "" -no34 -no67 -no3467 -wide -gap -strided; do
    "$PYTHON" "$train" --net "zfnet64$variant" --data "$data" --out "$folder" --epochs "$EPOCHS" --keep ''
done
"$PYTHON" "$train" --table "$folder"

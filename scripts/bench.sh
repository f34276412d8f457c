#!/bin/sh
# bench.sh BUILD - convolution layers against OpenBLAS, whole networks against ONNX Runtime and PyTorch, mining against
# ONNX Runtime; the page of an atlas with a layer of 10,000 units, and that of `serve`.
set -e
build=$1
env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$build/bench/bench_conv"
/usr/bin/python3 tests/bench/compare.py "$build"
photographs=../shared/images/imagenet-1000
if [ -d "$photographs" ]; then
    /usr/bin/python3 tests/bench/mine.py "$build" "$photographs"
else
    echo "mining: left out, there are no photographs in $photographs"
fi
tests/bench/atlas.sh
tests/bench/serve.sh "$build"

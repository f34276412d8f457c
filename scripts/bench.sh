#!/bin/sh
# bench.sh BUILD - convolution layers against OpenBLAS, then whole networks against ONNX Runtime and PyTorch.
set -e
build=$1
env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$build/bench/bench_conv"
exec /usr/bin/python3 tests/bench/compare.py "$build"

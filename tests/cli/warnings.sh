# What a model warns of is told once, quiet or not, and nothing stops.
sed '0,/kernel_shape/s//kernel_shapo/' "$TESTDATA/small.onnx" >odd.onnx
deconvviz layers -m odd.onnx 2>&1 >/dev/null
deconvviz layers -m "$TESTDATA/small.onnx" 2>&1 >/dev/null
{
    printf '\223NUMPY\1\0v\0'
    printf '%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 9, 7), }"
    head -c 504 /dev/zero
} >zero.npy
deconvviz forward -q -m odd.onnx --input zero.npy --npy out.npy | sed "s,\(mean -0[.]05735\)[0-9]*,\1,"; ls

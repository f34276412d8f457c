# The words on the command line: help, and what is refused before anything is opened.
for word in --version -V version; do deconvviz $word; done
deconvviz help
deconvviz help >commands
deconvviz --help | cmp - commands
deconvviz -h | cmp - commands
deconvviz >out 2>said || echo "exit $?"
cmp said commands
wc -c <out
for c in $(sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' commands); do deconvviz help "$c" >>commands; done
awk 'length > 79 { print "too wide: " $0 }' commands
deconvviz help nosuch || echo "exit $?"
deconvviz --nosuch x.jpg || echo "exit $?"
deconvviz --layer 5 x.jpg || echo "exit $?"
deconvviz -l 5 -c 12 --rule backprop x.jpg || echo "exit $?"
deconvviz -l 5 -c 12 || echo "exit $?"
deconvviz -l 5 -c 12 --quiet nosuch.jpg || echo "exit $?"
deconvviz classify || echo "exit $?"
deconvviz prepare x.jpg || echo "exit $?"
deconvviz layrs || echo "exit $?"
deconvviz help clasify || echo "exit $?"
deconvviz --lyer 5 x.jpg || echo "exit $?"
deconvviz -qz x.jpg || echo "exit $?"
deconvviz classify --top || echo "exit $?"
deconvviz classify --quiet=1 x.jpg || echo "exit $?"
deconvviz classify --top five x.jpg || echo "exit $?"
deconvviz sheets --scale=sheat x.json || echo "exit $?"
deconvviz layers >/dev/full || echo "exit $?"
DECONVVIZ_ISA=avx3 deconvviz layers || echo "exit $?"
DECONVVIZ_KERNEL=fft deconvviz layers || echo "exit $?"
deconvviz help merge
deconvviz merge -q -h | head -n 1
deconvviz -q --help | head -n 2
deconvviz help --help | head -n 1

echo "-- what is missing, and what is too much"
missing() { deconvviz "$@" || echo "exit $?"; }
missing project -q
missing -l 5
missing record
missing record -o refs x.jpg
missing mine x.jpg
missing mine
missing merge
missing sheets -o x
missing sheets a.json b.json -o x
missing verify
missing prepare
missing prepare --png x.png a.jpg b.jpg
missing forward
missing forward a.jpg b.jpg
missing forward --input x.npy a.jpg
missing -l 5 -c 1 --input x.npy a.jpg
missing layers model.onnx
missing classify --labels-from dirs
missing help a b

echo "-- numbers: the option, what was given, what it takes"
refuse() { deconvviz "$@" || echo "exit $?"; }
refuse classify --top 101 x.jpg
refuse classify --top -1 x.jpg
refuse classify --top 2.5 x.jpg
refuse classify --top 99999999999 x.jpg
refuse classify --top= x.jpg
refuse classify --threads -1 x.jpg
refuse layers --size 0
refuse layers --size 48.5
refuse layers --size 48,48,48
refuse layers --size 48,
refuse prepare --resize -5 --npy x.npy x.jpg
refuse prepare --resize 32768 --npy x.npy x.jpg
refuse prepare --pixel-scale nan --npy x.npy x.jpg
refuse prepare --mean 1,x,2 --npy x.npy x.jpg
refuse prepare --mean 1,2,3,4 --npy x.npy x.jpg
refuse mine -k 0 -o i.json x.jpg
refuse mine --per-image 1001 -o i.json x.jpg
refuse sheets -k -3 -o x i.json
refuse sheets --side 513 -o x i.json
refuse record --threads 1025 -o refs x.jpg
refuse verify --tolerance -1 refs
refuse verify --value-tolerance 1e7 refs
refuse -l 5 -c 12 --zoom 257 x.jpg
refuse -l 5 -c 12 -p 1.9,2.2 x.jpg
refuse -l 5 -c 12 -p 1 x.jpg
refuse -l 5 -c 12 -p -1,2 x.jpg
refuse -l 5 -c 12 --scale abs:0 x.jpg
refuse -l 5 -c 12 --scale abs:red x.jpg

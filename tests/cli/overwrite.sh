# No command writes over what it reads, by whatever name; it is told with status 2 before anything is written.
mkdir img
awk -v N=2 -v DIR=img -f "$TESTDATA/../reference/draw.awk"
deconvviz prepare -q --npy x.npy img/1.ppm
deconvviz mine -q -l 1 -o i.json img >/dev/null
deconvviz record -q -l 1 -c 3 --size 48 --copy --no-png -o refs img >/dev/null
for k in 1 2; do deconvviz mine -q -l 1 --shard $k/2 -o $k.json img >/dev/null; done
cp "$TESTDATA/small.onnx" m.onnx
cp "$TESTDATA/../../models/zfnet64.safetensors" n.safetensors
sed '/"labels"/d' "$TESTDATA/../../models/zfnet64.json" | sed 's/"weights": "zfnet64.safetensors",//' >n.json
head -n 100 "$TESTDATA/../../models/tiny-imagenet-100.txt" >labels.txt
printf 'img/1.ppm\nimg/2.ppm\n' >list.txt
{
    printf '\223NUMPY\1\0v\0'
    printf '%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 9, 7), }"
    head -c 504 /dev/zero
} >small.npy
cp img/1.ppm pixels.png
ln -s img/1.ppm symbolic.png
ln pixels.png hard.png
ln -s x.npy x-link.npy
mkdir all
cp -r img refs ./*.* all
refuse() { deconvviz "$@" >said 2>&1; echo "exit $?: $(cat said)"; }

echo "-- a file that is named"
refuse forward -q --input x.npy --npy x.npy
refuse forward -q --input x.npy --npy ./x-link.npy
refuse forward -q --npy img/1.ppm img/1.ppm
refuse forward -q -m m.onnx --input small.npy --npy ./m.onnx
refuse forward -q -m n.json --npy n.safetensors img/1.ppm
refuse prepare -q --png symbolic.png img/1.ppm
refuse prepare -q --png hard.png pixels.png
refuse prepare -q -m n.json --npy n.json img/1.ppm
refuse mine -q -l 1 -o img/1.ppm img
refuse mine -q -l 1 -o hard.png pixels.png
refuse mine -q -l 1 -o list.txt --list list.txt
refuse mine -q -l 1 -m n.json -o n.safetensors img
refuse merge -q 1.json 2.json -o ./1.json
refuse -q -l 1 -c 3 -o hard.png pixels.png
refuse -q -l 1 -c 3 --npy x.npy --no-png --input x.npy
refuse -q -l 1 -c 3 -m n.json -o n.safetensors img/1.ppm
refuse verify -q refs --junit refs/images/1.ppm
refuse verify -q refs --junit refs/manifest.json
refuse record -q -l 1 -c 4 --size 48 --update -o refs refs/images

echo "-- one that gets its name"
cp img/2.ppm img/1-1-c3.png
refuse -q --threads 1 -l 1 -c 3 -o img img/1.ppm img/1-1-c3.png
cmp img/2.ppm img/1-1-c3.png
rm img/1-1-c3.png
mkdir sheets sheets/layer1
cp img/2.ppm sheets/layer1/c003.png
deconvviz mine -q -l 1 -k 1 -o s.json sheets >/dev/null
refuse sheets -q s.json -o sheets -c 3
cmp img/2.ppm sheets/layer1/c003.png
rm -r sheets s.json

echo "-- nothing was written"
for f in img refs ./*.*; do [ "$f" = ./i.json ] || diff -r "$f" all/"$f"; done
ls

echo "-- what is meant to be written anew is"
deconvviz mine -q -l 1 --append -o i.json img >said && echo "appended"
deconvviz mine -q -l 1 -o i.json img >said && cmp i.json all/i.json
deconvviz verify -q --update refs | tail -n 1
deconvviz record -q -l 1 -c 3 --size 48 --copy --no-png --update -o refs refs/images >said && diff -r refs all/refs
deconvviz classify -q --labels labels.txt --top 0 img

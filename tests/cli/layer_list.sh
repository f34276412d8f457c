# -l takes a list of numbers and ranges, each layer once; an exact name goes before it.
mkdir img
awk -v N=2 -v DIR=img -f "$TESTDATA/../reference/draw.awk"
cp "$TESTDATA/../../models/zfnet64.safetensors" n.safetensors
sed 's/"weights": "zfnet64.safetensors",//; s/"labels".*//; s/"pool1"/"2,3"/; s/"pool2"/"4-5"/; s/"relu3"/"a,b"/' \
    "$TESTDATA/../../models/zfnet64.json" >n.json
refuse() { deconvviz "$@" || echo "exit $?"; }

echo "-- project"
project() { deconvviz project -q -c 3 "$@" img/1.ppm | sed 's/  .*//'; }
project -l 1,3-5 -o out/
project -l 2-2,1 -l 3,2 -o out/
echo "-- names"
project -m n.json -l 2,3 -l 4-5 -l a,b -o names/
project -m n.json -l 3,2 -l 5-5 -o names/
echo "-- record"
deconvviz record -q --size 48 -l 1-3 -c 3 --no-png -o refs img/1.ppm | sed 's/  .*//'
echo "-- mine and sheets"
deconvviz mine -q -k 1 -l 1,1-2,5 -l 2 -o i.json img | sed 's/ units.*//'
sheets() { deconvviz sheets -q i.json -o sheets -c 3 "$@"; }
sheets -l 1 -l 1
sheets -l 1,2 -l conv1 -l relu1
sheets -l 5,1-2 --contact
sheets -l all -l 1 --contact
deconvviz mine -q -m n.json -k 1 -l 2,3 -l 3 -o named.json img | sed 's/ units.*//'
deconvviz sheets -q named.json -o named -c 3 -l 2,3 --contact

echo "-- refused"
for list in 1,9 8-9 3-1 1, ,1 1,,2 1-2-3 -1 1- 1-300 99999999999,1 1-99999999999 1,conv2; do
    refuse project -q -c 3 -l "$list" img/1.ppm
done
refuse record -q -l 0-1 -c 3 -o new img
refuse mine -q -l 7-9 -o new.json img
refuse sheets -q i.json -o new -l 1-3
refuse sheets -q i.json -o new -l 3-2
refuse forward -q -l 1,2 img/1.ppm
ls

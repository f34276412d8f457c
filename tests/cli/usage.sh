# What is wrong for any image is told once, before the first is read, with status 2, and nothing is written.
mkdir img
awk -v N=2 -v DIR=img -f "$TESTDATA/../reference/draw.awk"
deconvviz mine -q -l 1 -o i.json img/1.ppm >/dev/null
deconvviz record -q -l 1 -c 3 --size 48 --no-png -o refs img/1.ppm >/dev/null
cp -r refs before
cp i.json before
refuse() { deconvviz "$@" || echo "exit $?"; }

echo "-- as many pixels as are to be cut are not there"
for images in img/1.ppm img "img nosuch.ppm"; do
    # shellcheck disable=SC2086 # two words
    {
        refuse project -q --resize 10 -l 1 -c 3 -o out/ $images
        refuse mine -q --resize 10 -l 1 -o new.json $images
        refuse classify -q --resize 10 $images
        refuse record -q --resize 10 -l 1 -c 3 -o new $images
    }
done
refuse prepare -q --resize 10 --npy new.npy img/1.ppm
refuse forward -q --resize 10 --npy new.npy img/1.ppm
refuse mine -q --resize 10 -l 1 --append -o i.json img/2.ppm
refuse verify -q --resize 10 -o out refs
refuse record -q --update --resize 10 -l 1 -c 3 --size 48 -o refs img
refuse mine -q --std 1,0,1 -o new.json img
sed 's/"resize":64/"resize":6/' i.json >other.json
refuse sheets -q other.json -o out

echo "-- no image is what the network takes"
for command in "project -l 1 -c 0 -o out/" "mine -o new.json" classify "record -l 1 -c 0 -o new" "prepare --npy new.npy" "forward --npy new.npy"; do
    # shellcheck disable=SC2086 # words
    refuse $command -q -m "$TESTDATA/small.onnx" img/1.ppm
done
refuse classify -q -m "$TESTDATA/small.onnx" img

echo "-- a picture of so many pixels cannot be made"
for images in img/1.ppm img; do refuse -q -l 1 -c 3 --size 256 --view full --zoom 256 "$images"; done
rm other.json
cmp before/i.json i.json
rm before/i.json
diff -r before refs
ls

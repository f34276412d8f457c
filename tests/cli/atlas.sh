# atlas: from images and from an index the same; any number of threads, stopped and resumed; classes; names that are
# hostile; what is refused.
pictures="awk -f $(dirname "$0")/pictures.awk"
mkdir img img/a img/b
$pictures -v N=10 -v DIR=img/a
$pictures -v N=16 -v DIR=img/b
rm img/b/0*.ppm
atlas() { deconvviz atlas -q "$@" | sed 's/, [0-9]* of them.*//'; } # rounding may wake a unit
same() { (cd "$1" && find . -type f | sort | xargs sha256sum) >"$1.sums"; cmp "${2:-one}.sums" "$1.sums"; }

echo "-- images"
atlas --threads 1 -l 1,5,8 -c 0-5,17 --labels-from dirs -o one img
(cd one && find . -maxdepth 1 ! -name "*.js" ! -name "*.css" | sort && ls data pictures/layer-1 photos/0)
same one
sed -n 's/.*"commands":{\([^}]*\)}.*/\1/p' one/data/front.js
for n in 2 5; do atlas --threads $n -l 1,5,8 -c 0-5,17 --labels-from dirs -o t img >/dev/null; sed -i 's/ -o t / -o one /' t/data/front.js; same t; done
ls

echo "-- an index"
deconvviz mine -q -l 1,5,8 -o index.json img >/dev/null
cmp index.json one/index.json
atlas index.json -l 8,5 -c 3,17 --no-context --compare 0 -o few
(cd few && ls data pictures/layer-0)
grep -c photos few/data/*.js | grep -v ':0$'
atlas index.json -l 1 -c 7 -o few # an atlas is replaced
ls few/data

echo "-- verified"
deconvviz verify -q one
deconvviz verify -q --all --threads 3 one
deconvviz verify -q few
cp -r one worse
cp one/pictures/layer-1/units-2.jpg worse/pictures/layer-1/units-3.jpg
cp one/pictures/layer-0/grid-0.jpg worse/pictures/layer-0/patches-0.jpg
echo "no picture" >worse/pictures/layer-2/units-1.jpg
rm worse/photos/0/7.jpg
printf x >>worse/pictures/layer-1/units-4.jpg # other bytes, the same pixels
deconvviz verify -q worse >said || echo "exit $?"
sed 's/ *[0-9.]* *[0-9]*$//' said
rm said
deconvviz verify -q --json worse | sed 's/"mean":[0-9.]*/"mean":M/; s/"most":[0-9]*/"most":N/'
mv img/a/03.ppm aside.ppm
deconvviz verify -q one | sed 's/: [0-9]* pictures/: N pictures/; s/: [0-9]* have/: N have/'
deconvviz verify -q one >/dev/null 2>&1 || echo "exit $?"
mkdir -p else/img && mv img/a img/b else/img && mv aside.ppm else/img/a/03.ppm
deconvviz verify -q --root else one
mv else/img/a else/img/b img
rm -rf else worse

echo "-- two networks"
mkdir m
for file in alexnet64.json alexnet64.safetensors zfnet64.json zfnet64.safetensors zfnet64-epoch01.safetensors tiny-imagenet-100.txt; do
    cp "$TESTDATA/../../models/$file" m
done
deconvviz mine -q -m m/alexnet64.json -l 1,5,8 -o alex.json img >/dev/null
deconvviz mine -q -m m/zfnet64.json --weights m/zfnet64-epoch01.safetensors -l 1,5 -o young.json img >/dev/null
changed() { deconvviz atlas -q "$@" | sed 's/, [0-9]* of them.*//; s/0\.[0-9]*/0.N/g'; }
young="--against young.json --against-weights m/zfnet64-epoch01.safetensors"
# shellcheck disable=SC2086 # words
changed index.json -l 1,5 -c 0-7 --compare 0 $young -o pair
(cd pair/against && ls . data && cat ../data/against.js) | sed 's/"data":[^}]*/"data":D/g; s/"[lh][oi]":[^,]*/"x":N/g'
sed -n 's/.*"commands":{\([^}]*\)}.*/\1/p' pair/data/front.js pair/against/data/front.js
deconvviz verify -q pair/against -m m/zfnet64.json --weights m/zfnet64-epoch01.safetensors
deconvviz verify -q pair || echo "exit $?"
changed index.json -l 1,5 -c 0-7 --compare 0 --against alex.json --match responses -o pair
changed index.json -l 1 -c 0-7 --compare 0 --against alex.json -o pair
deconvviz verify -q pair
sed 's/"data":[^}]*/"data":D/g; s/"[lh][oi]":[^,]*/"x":N/g' pair/data/against.js
rm -rf pair m

echo "-- stopped and resumed"
for wait in 0.1 0.2 0.3 0.5; do
    timeout -s KILL $wait deconvviz atlas -q --threads 1 -l 1,5,8 -c 0-5,17 --labels-from dirs -o t img >/dev/null 2>&1
done
atlas -l 1,5,8 -c 0-5,17 --labels-from dirs -o t img >/dev/null 2>&1
sed -i 's/ -o t / -o one /' t/data/front.js
same t
ls

echo "-- an image that is gone"
mv img/a/03.ppm aside.ppm
atlas index.json -l 5 -c 0-9 -o gone || echo "exit $?"
deconvviz atlas -q index.json -l 5 -c 0-9 -o gone >/dev/null 2>&1 || echo "exit $?"
mv aside.ppm img/a/03.ppm

echo "-- names"
mkdir -p 'odd/<'
for c in 1 2 3 4; do
    cp "img/b/1$c.ppm" "$(printf 'odd/</script><img src=x onerror=alert(%s)>\047"&amp;\342\200\250\\\n\001\342\200\256abc.ppm' $c)"
done
atlas -l 1 -c 0-3 --labels-from names -o names odd
LC_ALL=C sed 's/],"numbers.*//' names/data/images.js
LC_ALL=C sed 's/],"numbers.*//' names/data/classes.js

echo "-- refused"
mkdir other && touch other/thing
for words in "--update one" "-o x one" "--tolerance 1 one" "--all index.json" "--all other"; do
    # shellcheck disable=SC2086 # words
    deconvviz verify -q $words || echo "exit $?"
done
cp -r one broken && echo '{"format":"deconvviz atlas settings","version":1,"rectify":"some"}' >broken/atlas.json
deconvviz verify -q broken || echo "exit $?"
rm broken/index.json && deconvviz verify -q broken || echo "exit $?"
rm -rf broken
for words in "img -o other" "img" "-o t" "nosuch.json -o x" "index.json --size 64 -o x" "index.json --preprocess caffe -o x" \
    "index.json --list l -o x" "index.json -l 4 -o x" "index.json -c 4000 -o x" "index.json -c top:3 -o x" "--quality 101 img -o x" \
    "--match number img -o x" "--against-model m index.json -o x" "--against nosuch.json index.json -o x" \
    "--against young.json --match some index.json -o x" \
    "--compare 10 img -o x" "-m nosuch.onnx img -o x" "-k 2 --per-image 3 img -o x" "--labels-from nosuch img -o x"; do
    # shellcheck disable=SC2086 # words
    deconvviz atlas -q $words || echo "exit $?"
done
ls

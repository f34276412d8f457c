# Names of layers and images that are not names of files: each unit has a file of its own, and no name ends a run.
mkdir img
awk -v N=3 -v DIR=img -f "$TESTDATA/../reference/draw.awk"
cp "$TESTDATA/../../models/zfnet64.safetensors" n.safetensors
sed 's/"weights": "zfnet64.safetensors",//; s/"labels".*//; s/"pool1"/"a\/b"/; s/"pool2"/"a_b"/; s/"relu3"/"relu 3"/' \
    "$TESTDATA/../../models/zfnet64.json" >n.json
project() { deconvviz project -q -m n.json "$@" | sed 's/  .*//'; }
# Standard output and error as they come, values and long names left out.
run()
{
    deconvviz -q -l 1 "$@" >said 2>&1
    status=$?
    sed 's/  .*//; s/i\{20,\}/I/g; s/d\{200,\}/D/g; s/d\{60,\}.*/…/' said
    [ $status -eq 0 ] || echo "exit $status"
}

echo "-- layers"
project -l a/b -l a_b -l relu2 -l "relu 3" -c 3 -o out img/1.ppm
project -l a/b -c 3,4 --sheet -o out img/1.ppm
ls out
deconvviz mine -q -m n.json -l a/b -l a_b -l 5 -k 1 -o i.json img >/dev/null
deconvviz sheets -q i.json -o sheets -c 3
deconvviz record -q -m n.json -l a/b -l a_b -c 3 --size 48 -o refs img/1.ppm | sed 's/  .*//'
deconvviz verify -q refs

echo "-- a layer's name is as long as it likes"
long=$(printf 'n%.0s' $(seq 150))
sed "s/a_b/${long}1/; s/relu2/${long}2/" n.json >long.json
cp n.safetensors long.safetensors
deconvviz project -q -m long.json -l "${long}1" -l "${long}2" -c 3 -o out/ img/1.ppm | sed 's/  .*//; s/n\{20,\}/N/'

echo "-- so is an image's"
name=$(printf 'i%.0s' $(seq 250))
for i in 1 2; do cp img/$i.ppm "img/$name$i"; done
cp img/3.ppm "img/a photo.ppm"
run -c 3 -o long img/i* "img/a photo.ppm"
mkdir img/x img/x/y img/x_y
for d in x/y x_y; do cp img/3.ppm img/$d; done
run -c 3 -o long img/x/y/3.ppm img/x_y/3.ppm
rm -r img/x img/x_y img/i* img/a*

echo "-- one that cannot be had is one bad image"
mkdir -p way/2-1-c3.png way/2-1-c4.npy
for threads in 1 3; do run --threads $threads -c 3 -o way img; done
run -c 3,4 -o way img/2.ppm
run -c 3 --sheet -o way img/2.ppm
run -c 3,4 --no-png --npy way img/1.ppm img/2.ppm
deep=$(printf 'd%.0s' $(seq 202))
deep=$deep/$deep/$deep/$deep/$deep
deep=$deep/$deep/$deep/$deep
mkdir -p "$deep"
cp img/2.ppm "img/$(printf '2%.0s' $(seq 60)).ppm"
run -c 3 -o "$deep" img
rm img/22*

echo "-- copies in a folder of references"
mkdir odd
for name in 'a b.ppm' '.hidden' 'c.p\nm' 'd.j\0377g' '\0303\0251.ppm' 'e.tar.gz~'; do cp img/1.ppm "odd/$(printf %b "$name")"; done
deconvviz record -q -m n.json -l 1 -c 3 --size 48 --no-png --copy -o copies odd/* odd/.hidden | sed 's/  .*//'
ls copies/images
deconvviz verify -q copies
cp -r copies before
deconvviz verify -q --update copies | tail -n 1
diff -r copies before

echo "-- a folder of 1209 characters"
deep=$(printf 'd%.0s' $(seq 200))
deep=$deep/$deep/$deep/$deep/$deep/$deep/abc
deconvviz sheets -q i.json -l 5 -c 3 -o "$deep" | sed 's/d\{200\}/D/g'

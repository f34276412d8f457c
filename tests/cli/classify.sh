# classify: the best classes, where the truth is said, and images that cannot be read.
mkdir -p img/n01443537 img/n01629819 flat
awk -f "$(dirname "$0")/pictures.awk" -v N=4 -v DIR=flat
best() { deconvviz classify -q --top 1 --json "$1" | sed 's/.*"class":\([0-9]*\),"label":"\([^ "]*\).*/\1 \2/'; }
classify() { deconvviz classify -q "$@" 2>&1 || echo "exit $?"; }
shown() { sed 's/[0-9.]* %/N %/g; s/"probability":[0-9.e-]*/"probability":P/g'; }

echo "-- classes"
classify --top 3 flat/01.ppm | awk 'NR == 1 || NF > 3 { n++ } END { print n " lines" }'
classify --json --top 2 flat/01.ppm | shown | grep -o '"[a-z]*":' | tr '\n' ' '
echo
echo "a" >few.txt
classify --labels few.txt flat/01.ppm
classify --labels nosuch.txt flat/01.ppm
: >empty.txt
classify --labels empty.txt flat/01.ppm

echo "-- the truth is the best class, its name, its label, and none"
set -- $(best flat/01.ppm)
mkdir "dir" "dir/$2" && cp flat/01.ppm "dir/$2/a.ppm"
classify --top 0 --labels-from dirs dir
cp flat/01.ppm "dir/$2/$2_1.ppm" && classify --top 0 --labels-from names "dir/$2/$2_1.ppm"
printf 'flat/01.ppm %s\n\nflat/02.ppm\t%s\r\n' "$1" "$2" >truth.txt
classify --top 0 --labels-from truth.txt flat/01.ppm
classify --top 0 --json --labels-from truth.txt flat/01.ppm | sed 's/\("calibration_error":0\.....\)[0-9]*/\1/'
classify --top 0 --labels-from truth.txt | cut -d : -f 1
mv flat/03.ppm "flat/with blank.ppm"
printf 'elsewhere/with blank.ppm %s\n' "$1" >truth.txt
classify --top 0 --labels-from truth.txt "flat/with blank.ppm" | cut -d : -f 1
printf 'a/01.ppm 3\nb/01.ppm 4\n' >truth.txt
classify --top 0 --labels-from truth.txt flat/01.ppm
printf 'flat/01.ppm nosuchclass\n' >truth.txt
classify --labels-from truth.txt flat/01.ppm
printf 'flat/01.ppm 1000\n' >truth.txt
classify --labels-from truth.txt flat/01.ppm
classify --labels-from nosuch.txt flat/01.ppm
classify --labels-from names flat/01.ppm

echo "-- some that cannot be read"
head -c 100 flat/02.ppm >flat/cut.ppm
classify --top 0 flat/01.ppm flat/cut.ppm flat/04.ppm nosuch.ppm
classify flat/cut.ppm
for n in 1 2 3; do deconvviz classify --threads $n --json flat >$n.json 2>/dev/null; cmp 1.json $n.json; done
wc -l <1.json
classify

echo "-- ten views, several networks, tables"
models=$TESTDATA/../../models
cp "$models/zfnet64.json" zf.json
cp "$models/zfnet64-epoch64.safetensors" zfnet64.safetensors
cp "$models/tiny-imagenet-100.txt" .
set -- $(best flat/01.ppm)
printf 'flat/01.ppm %s\nflat/02.ppm %s\nflat/04.ppm 7\n' "$1" "$1" >truth.txt
classify --crops 10 --top 1 flat/01.ppm | awk 'END { print NR " lines" }'
classify --top 0 --json -m zfnet64 -m zf.json --crops 10 --labels-from truth.txt | sed 's/:[0-9.]*\([,}]\)/:N\1/g; s/\[[0-9.,]*\]/[N,N]/g'
classify --csv --top 2 --labels-from truth.txt flat/01.ppm | sed 's/,0\.[0-9]*,/,P,/'
classify --csv --table classes --labels-from truth.txt | head -n 1
classify --table confusions --labels-from truth.txt | awk 'NR == 1 { print } END { print NR " lines" }'
classify --csv --table calibration --labels-from truth.txt | awk 'END { print NR " lines" }'
classify --top 0 --labels-from truth.txt -o classes.svg && grep -c '<svg' classes.svg

echo "-- refused"
classify --table classes flat/01.ppm
classify -o classes.png flat/01.ppm
classify --labels-from truth.txt -o classes.jpg flat/01.ppm
classify --crops 5 flat/01.ppm
classify -m zfnet64 -m "$TESTDATA/small.onnx" flat/01.ppm
classify -m zf.json -m zf.json --weights zfnet64.safetensors flat/01.ppm

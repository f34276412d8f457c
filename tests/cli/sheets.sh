# sheets: which files are written, and what is said of images that are gone or have changed.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=10 -v DIR=img
deconvviz mine -q -l 1 -l fc6 -o i.json img >/dev/null
deconvviz sheets -q i.json -o out -l 1 -c 3,5
deconvviz sheets -q i.json -o common -l 1 -c 3 --scale sheet -k 4 --threads 1
deconvviz sheets -q i.json -o contact --contact
ls contact
cmp common/layer1/c003.png out/layer1/c003.png >/dev/null && echo "a common scale changes nothing"
deconvviz sheets -q i.json -o again -l 1 -c 3,5 --threads 2 >/dev/null
cmp out/layer1/c005.png again/layer1/c005.png && cmp out/layer1.png again/layer1.png

echo "-- elsewhere"
mkdir elsewhere
mv img elsewhere
deconvviz sheets -q i.json -o again -l 1 -c 3,5 --root elsewhere >/dev/null
cmp out/layer1/c005.png again/layer1/c005.png
mv elsewhere/img .

echo "-- gone and changed"
deconvviz mine -q -k 1 -l 1 -o i.json img/0[1-3].ppm >/dev/null
cp img/04.ppm img/01.ppm
rm img/02.ppm img/03.ppm
deconvviz sheets -q i.json -o bad --contact 2>said || echo "exit $?"
sed 's/[0-9]* hits/some hits/' said

echo "-- refused"
deconvviz sheets -q i.json -o out -l 7 || echo "exit $?"
deconvviz sheets -q i.json -o out -l 1 -c 64 || echo "exit $?"
deconvviz sheets -q i.json -o out -l 1 -c top:3 || echo "exit $?"
deconvviz sheets -q i.json -o out --rule none || echo "exit $?"
deconvviz sheets -q i.json -o out --scale abs || echo "exit $?"
deconvviz sheets -q i.json -o out --side 5 || echo "exit $?"
deconvviz sheets -q i.json || echo "exit $?"
deconvviz sheets -q img/04.ppm -o out || echo "exit $?"
sed 's/"sha256":"..../"sha256":"0000/' i.json >other.json
deconvviz sheets -q other.json -o out 2>&1 | sed 's/[0-9a-f]\{12\}\.\.\./HASH/g'

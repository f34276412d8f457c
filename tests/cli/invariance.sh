# invariance: what is told of images that are moved, scaled and turned; their figure; and what is refused.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=3 -v DIR=img
invariance() { deconvviz invariance -q "$@" || echo "exit $?"; }
few="--shift -4,4,3 --scale 0.8,1.25,2 --rotation 0,90,2"

echo "-- for people"
invariance $few --pairs 2 --no-figure img | sed 's/[0-9][0-9.]*/N/g; s/-N/N/g'
echo "-- for programs"
invariance $few --pairs 2 --no-figure --csv img >rows.csv
sed -n '1p' rows.csv
cut -d, -f1 rows.csv | sort | uniq -c | awk '{ print $1, $2 }'
awk -F, '$1 == "image" && $4 == 0 { print $3, $4, $5, $7 }' rows.csv | sort | uniq -c | awk '{ $1 = $1; print }'
invariance $few --pairs 2 --no-figure --json img >rows.json
wc -l <rows.json | awk '{ print $1 }'
grep -o '^{"row":"[a-z]*",' rows.json | sort | uniq -c | awk '{ print $1, $2 }'
echo "-- the figure says what it is"
invariance $few --pairs 2 --seed 7 --fill edge img >/dev/null
for key in Software Model-SHA256 Study Images Fill Pairs; do grep -aq "tEXt$key" invariance.png && echo $key; done
deconvviz invariance --kind none --pairs 1 --width 85 -o pairs.svg img 2>&1 | grep wrote
echo "-- any number of threads"
for n in 1 2 3; do
    deconvviz invariance -q --threads $n --pairs 2 --no-figure --json $few img >$n.json
    cmp 1.json $n.json
done
echo "-- named layers, an axis, a fill, a truth"
printf 'img/01.ppm 3\nimg/02.ppm 4\n' >truth.txt
invariance --kind translation --shift 2,2,1 --axis x --fill reflect -l 2-3 -l pool5 --pairs 0 --no-figure \
    --labels-from truth.txt --csv | awk -F, '$1 == "image" { print $2, $3, $4, $5, $14 }'
echo "-- one that cannot be read"
head -c 100 img/02.ppm >img/cut.ppm
deconvviz invariance -q --kind none --pairs 1 --no-figure img | sed 's/[0-9.]* to [0-9.]*/N to N/; s/[0-9.]* % of/N % of/'
rm img/cut.ppm
echo "-- refused"
invariance
invariance --shift 1,2 img
invariance --shift -70,0,2 img
invariance --scale 0,1,2 img
invariance --scale 1,2,2.5 img
invariance --rotation 0,900,4 img
invariance --kind scale --shift -1,1,3 img
invariance --kind none --pairs 0 img
invariance --fill black img
invariance -o figure.txt img
invariance -o img/01.ppm img
invariance -l nosuch img
invariance --json --csv img
invariance --no-figure --kind none nosuch.ppm
ls

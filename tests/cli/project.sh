# project: several images at a time, bad ones among them, scales, views, and what prepare shows.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=6 -v DIR=img
head -c 200 img/02.ppm >img/cut.ppm
project() { deconvviz project "$@" 2>said || echo "exit $?"; grep -v '^deconvviz: input' said; }

echo "-- many images, two of them bad"
for n in 1 2 3; do
    mkdir $n
    project -q -l 2 -c 0,5 -o $n --threads $n img nosuch.png | sed "s,^$n/,,; s/  .*//" >$n.txt
    cmp 1.txt $n.txt && diff -r 1 $n
done
cat 1.txt
project -q -l 2 -c 0 img/cut.ppm
project -q -l 2 -c 0 -o one.png img/01.ppm img/03.ppm

echo "-- scales"
scale() { tr '\0' '\n' <"$1" | grep -a -A1 'tEXtScale$' | tail -n 1 | grep -ao '^[0-9.e+-]*' | head -n 1; }
mkdir tile sheet abs
deconvviz project -q -l 3 -c top:3 -o tile img/01.ppm >/dev/null
deconvviz project -q -l 3 -c top:3 --scale sheet -o sheet img/01.ppm >/dev/null
deconvviz project -q -l 3 -c top:3 --scale abs:0.25 -o abs img/01.ppm >/dev/null
for d in tile sheet abs; do
    for f in "$d"/*.png; do scale "$f"; done | sort -u | wc -l
done
for f in tile/*.png; do scale "$f"; done | sort -g | tail -n 1 >largest
for f in sheet/*.png; do scale "$f"; done | sort -u | cmp - largest && echo "that of the sheet is the largest"
for f in abs/*.png; do scale "$f"; done | sort -u

echo "-- views"
size() { od -An -tu1 -j16 -N8 "$1" | awk '{ print ($3 * 256 + $4) " x " ($7 * 256 + $8) }'; }
for view in pair crop full; do
    deconvviz project -q -l 1 -c 3 --size 64 --view $view --zoom 2 -o $view.png img/01.ppm >/dev/null && size $view.png
done
deconvviz prepare -q --size 48 --png seen.png img/01.ppm
size seen.png

echo "-- a sheet of two layers, and lines of JSON"
project -q -l 1,3 -c top:2 --sheet -o . img/01.ppm | sed 's/ *$//'
project -q -l 3 -c top:1 --no-png --json img/01.ppm img/03.ppm | sed 's/:\(-*[0-9][0-9.e-]*\)/:N/g; s/\[[-0-9,]*\]/[]/g'
[ "$(deconvviz layers --all | wc -l)" -gt "$(deconvviz layers | wc -l)" ] && echo "all are more"

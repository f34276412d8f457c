# steps: a projection there and back as a table and as a figure; the toy that can be followed by hand.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=1 -v DIR=img
steps() { deconvviz steps -q "$@" || echo "exit $?"; }
echo "-- by hand"
steps --toy -o toy.png
for key in Model Rule Seed; do grep -aq "tEXt$key" toy.png && echo $key; done
steps --toy --rule guided --no-figure --csv | grep '^back'
deconvviz steps --toy -o toy.svg --json | head -n 1
head -c 5 toy.svg && echo
echo "-- a unit"
steps -l 2 -c 5 -o unit.png img/01.ppm | awk '{ print $1, $2, NF }'
for key in Layer Channel Value Image-SHA256; do grep -aq "tEXt$key" unit.png && echo $key; done
steps img/01.ppm | tail -n 1 | awk '{ print $1, $2, $3, $4 }'
steps -l fc8 -c 3 --threads 1 -o one.png img/01.ppm >one
steps -l fc8 -c 3 --threads 3 -o three.png img/01.ppm >three
cmp one three && cmp one.png three.png && echo "the same bytes"
echo "-- refused"
steps -l 1,2 -c 3 img/01.ppm
steps -c 0-3 img/01.ppm
steps --maps 10 img/01.ppm
steps -o steps.gif img/01.ppm
steps --toy img/01.ppm
steps --toy --rectify all --rule gradient
steps -o img/01.ppm img/01.ppm
steps
ls

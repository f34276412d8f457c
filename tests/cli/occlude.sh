# occlude: a figure, tables by image and by position, and what cannot be done.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=3 -v DIR=img
occlude() { deconvviz occlude -q "$@" || echo "exit $?"; }
numbers() { sed 's/:-*[0-9][0-9.e-]*\([,}]\)/:N\1/g; s/\[[0-9,]*\]/[Y,X]/g; s/"label":"[^"]*"/"label":NAME/'; }
echo "-- one image"
deconvviz occlude --step 16 --width 85 --dpi 60 img/01.ppm | awk '{ print NF }'
for key in Rule Layer Channel Square Positions Class Image-SHA256; do grep -aq "tEXt$key" occlude.png && echo $key; done
occlude --step 32 --json --no-figure img/01.ppm | numbers
occlude --step 32 --csv --no-figure --masks 3 img/01.ppm | head -n 1
echo "-- a row for each position"
occlude --step 32 --rows positions --json --no-figure img/01.ppm | numbers
occlude --step 20 --rows positions --csv --no-figure -l 3 -c 7 img/01.ppm >boxes
occlude --step 20 --rows positions --csv --no-figure -l 3 -c 7 --plain --threads 3 img/01.ppm >plain
cmp boxes plain && cut -d, -f1-3 boxes
occlude --step 32 --rows positions --no-figure --no-classes img/01.ppm | head -n 1
echo "-- several images"
occlude --step 32 --width 85 --dpi 50 --format svg -o figures img | sed 's/[-0-9.][0-9.]*/N/g' | tail -n 1
ls figures
echo 'img/02.ppm 7' >truth
occlude --step 64 --no-figure --labels-from truth --json img/02.ppm | grep -o '"class":[0-9]*'
occlude --step 64 --no-figure --class goldfish --json img/02.ppm | grep -o '"class":[0-9]*'
echo "-- refused"
occlude
occlude --square 65 img/01.ppm
occlude -l 3 -c 384 img/01.ppm
occlude -l 99 img/01.ppm
occlude --class nosuch img/01.ppm
occlude --class 100 img/01.ppm
occlude --no-classes --class 3 img/01.ppm
occlude --size 96 --masks 3 img/01.ppm
occlude --fill black img/01.ppm
occlude --json --csv img/01.ppm
occlude -o figure.jpg img/01.ppm
occlude -o all.png img
occlude -o img/01.ppm img/01.ppm
occlude --labels-from truth img/01.ppm
occlude --others nosuch --step 64 img/01.ppm
occlude nosuch.png
ls

# compare-rules: a table of correlations, by unit or by layer, and a figure that says where it comes from.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=3 -v DIR=img
compare() { deconvviz compare-rules -q "$@" || echo "exit $?"; }
compare --no-figure -l 1,3 -c top:2 img/01.ppm | awk '{ print NF, $1 }'
compare -l 3 -c top:1 -o rules.png img/01.ppm | wc -l
for key in Rule Seed Scale Image-SHA256; do grep -aq "tEXt$key" rules.png && echo $key; done
compare --no-figure -l 5 -c top:1 --json img/01.ppm | sed 's/:-*[0-9.e-]*\([,}]\)/:N\1/g; s/\[[0-9,]*\]/[Y,X]/'
compare --no-figure -l 5 -c 3 --csv img/01.ppm | head -n 1
echo "-- several images, all layers"
compare --no-figure -c top:2 --json img | sed 's/,"layer.*"channel.*//' | uniq -c
compare -c top:2 --summary -o layers.svg img | awk '{ print NF, $1, $2, $3 }'
compare --no-figure --summary --csv -l 2,5 -c 0-3 img | sed '2,$s/,-*[0-9.]*[0-9.e-]*/,N/3g'
compare -l 2,5 -c 0-3 --threads 1 -o one.png img >one
compare -l 2,5 -c 0-3 --threads 3 -o three.png img >three
cmp one three && cmp one.png three.png && echo "the same bytes"
compare --no-figure -l 5 -c 3 img/01.ppm nosuch.png | awk '{ print NF }'
compare --scale tile img/02.ppm | awk '{ printf "%s ", $1 } END { print "" }'
echo "-- refused"
compare -l 5 -c 999 img/01.ppm
compare -l 5 -c 3 -p 99,99 img/01.ppm
compare -l 5
compare -o rules.bmp img/01.ppm
compare -l 5 -c 3 -o img/01.ppm img/01.ppm
compare -l 5 -c 3 -o gone.png nosuch.png
ls

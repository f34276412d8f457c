# compare-rules: a table of correlations, and a picture that says where it comes from.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=1 -v DIR=img
compare() { deconvviz compare-rules -q "$@" || echo "exit $?"; }
compare -l 1,3 -c top:2 img/01.ppm | awk '{ print NF, $1 }'
compare -l 3 -c top:1 -o rules.png img/01.ppm | wc -l
for key in Rule Seed Scale Image-SHA256; do grep -aq "tEXt$key" rules.png && echo $key; done
compare -l 5 -c top:1 --json img/01.ppm | sed 's/:-*[0-9.e-]*\([,}]\)/:N\1/g; s/\[[0-9,]*\]/[Y,X]/'
compare -l 5 -c 3 --csv img/01.ppm | head -n 1
echo "-- refused"
compare -l 5 -c 999 img/01.ppm
compare -l 5 -c 3 -p 99,99 img/01.ppm
compare -l 5 img/01.ppm
compare -l 5 -c 3 -o img/01.ppm img/01.ppm
compare -l 5 -c 3 -o gone.png nosuch.png
ls

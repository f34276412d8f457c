# filters: a table of the first layer's filters, what the layer comes to, two networks beside each other, other layers.
models=$TESTDATA/../../models
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=1 -v DIR=img
filters() { deconvviz filters -q "$@" || echo "exit $?"; }
numbers() { sed 's/-*[0-9][0-9.e+-]*/N/g'; }
echo "-- each filter"
filters --no-figure | sed -n '1,3p; 66,68p'
filters --no-figure --csv | head -n 1
filters --no-figure --json | sed -n 5p | numbers
filters --no-figure --json --sort energy | sed -n 's/.*"channel":\([0-9]*\),.*/\1/p' | head -n 3
echo "-- the layer"
filters --no-figure --summary --csv | head -n 1
filters --no-figure --summary --json | sed 's/"verdict":.*//' | numbers
echo "-- two networks: the older aliases, the newer hardly"
filters --no-figure --summary --json "$models/alexnet64.safetensors" zfnet64 |
    sed 's/.*"network":"\([a-z0-9]*\)".*"aliasing":\([a-z]*\),"verdict":"\([A-Za-z]*\).*/\1 \2 \3/'
filters --no-figure "$models/alexnet64.safetensors" zfnet64 | sed -n '1,2p; /^layer/,/^dead/p' | tr -s ' '
echo "-- another layer, by the switches of an image"
filters --no-figure -l 3 -c top:2 -i img/01.ppm --json | numbers
filters --no-figure -l 3 -c 5 -i img/01.ppm --summary | head -n 2
echo "-- figures"
for width in 85 180; do
    for figure in "zfnet64 -o one.png" "$models/alexnet64.safetensors zfnet64 -o two.pdf" "-l 2 -c 0-7 -i img/01.ppm -o layer.svg"; do
        # shellcheck disable=SC2086 # words
        filters --summary --csv --width $width $figure | wc -l
    done
done
deconvviz filters --summary --sort hue --scale all 2>&1 >/dev/null | tail -n 1
ls
for key in Model Model-SHA256 Rule Layer; do grep -aq "tEXt$key" one.png && echo $key; done
filters --summary -i one.png -o one.png
rm ./*.png ./*.pdf ./*.svg
echo "-- refused"
filters -l 3
filters -c 3
filters -l 1,2 -i img/01.ppm
filters -l 1 -l 2 -i img/01.ppm
filters zfnet64 zfnet64 -l 3 -i img/01.ppm
filters zfnet64 zfnet64 zfnet64
filters -m zfnet64 zfnet64
filters --sort size
filters --dead 2
filters --json --csv
filters -o filters.txt
filters -m "$TESTDATA/small.onnx"
filters nosuch.onnx
filters -i nosuch.png
filters -l 3 -i img/01.ppm -o img/01.ppm
ls

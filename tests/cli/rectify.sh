# rectify: activations that no rule knows are told, once a run; what is written says how they were treated.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=2 -v DIR=img
cat >smooth.json <<'END'
{"format": "deconvviz-network", "version": 1, "name": "smooth", "input": {"name": "x", "shape": [1, 64, 64]}, "nodes": [
  {"op": "AveragePool", "name": "mean", "kernel_shape": [5, 5], "strides": [1, 1], "pads": [2, 2, 2, 2]},
  {"op": "Sub", "name": "edges", "input": ["x", "mean"]},
  {"op": "Sigmoid", "name": "gate"},
  {"op": "Mul", "name": "silu", "input": ["edges", "gate"]},
  {"op": "Relu", "name": "relu"},
  {"op": "Tanh", "name": "tanh"},
  {"op": "AveragePool", "name": "last", "kernel_shape": [3, 3], "strides": [2, 2]}]}
END
project() { deconvviz project -q -m smooth.json -c 0 "$@" || echo "exit $?"; }
says() { for f; do grep -aq tEXtRectify "$f" && echo "$f says so"; done; }
echo "-- the warning"
project -l last --no-png --npy paper img 2>&1 | sed 's/  .*//'
project -l relu --no-png --npy one img/01.ppm 2>&1 | sed 's/  .*//'
project -l edges --no-png --npy none img/01.ppm 2>&1 | sed 's/  .*//'
project -l last --rule gradient --no-png --npy gradient img/01.ppm 2>&1 | sed 's/  .*//'
deconvviz compare-rules -q -m smooth.json -l last -c 0 --no-figure img/01.ppm 2>&1 >said
deconvviz compare-rules -q -m smooth.json -l last -c 0 --rectify all -o rules.png img/01.ppm 2>&1 >said
echo "-- what is written"
project -l last --no-png --npy all.npy --rectify all img/01.ppm | sed 's/  .*//'
cmp -s paper/01-last-c0.npy all.npy || echo "it makes a difference"
project -l last --rectify all --json -o rectified.png img/01.ppm | grep -o '"rule":"deconvnet","rectify":"all"'
project -l last --json -o plain.png img/01.ppm 2>said | grep -c rectify
project -l last --sheet --rectify all -o sheet.png img/01.ppm | sed 's/  .*//'
says rectified.png plain.png sheet.png rules.png
deconvviz record -q -m smooth.json -l last -c 0 --rectify all -o refs img/01.ppm | sed 's/  .*//'
grep '^"options"' refs/manifest.json
says refs/*.png
deconvviz verify -q refs | sed 's/  */ /g'
deconvviz record -q -m smooth.json -l last -c 0 -o plain img/01.ppm 2>&1 | sed 's/  .*//'
grep '^"options"' plain/manifest.json
sed 's/"rectify":"all"/"rectify":"none"/' refs/manifest.json >changed
mv changed refs/manifest.json
deconvviz verify -q refs
deconvviz mine -q -m smooth.json -l last -o index.json img
deconvviz sheets -q -m smooth.json --contact --rectify all -o sheets index.json
says sheets/*.png
echo "-- refused"
project -l last --rectify all --rule gradient img/01.ppm
project -l last --rectify some img/01.ppm

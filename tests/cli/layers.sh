# layers: for people, as JSON lines and as CSV, which say the same.
models=$TESTDATA/../../models
echo "-- every tensor"
deconvviz layers --all
echo "-- at another size"
deconvviz layers --size 40 -m "$models/zfnet64.json" | tail -n 3
echo "-- JSON"
deconvviz layers --json | sed -n '1p; $p'
deconvviz layers --all --json | sed -n 2p
echo "-- CSV"
deconvviz layers --csv | tr '\r' '@'
deconvviz layers --all --csv | sed -n 3p
deconvviz layers --all --csv >all.csv
deconvviz layers --all --json | wc -l
wc -l <all.csv
echo "-- names that hold what these forms are made of"
cat >net.json <<'END'
{"format": "deconvviz-network", "version": 1, "input": {"name": "x", "shape": [1, 4, 4]}, "nodes": [
 {"op": "Relu", "name": "a,b"}, {"op": "Relu", "name": "say \"é\""}, {"op": "Relu", "name": "犬"}]}
END
deconvviz layers --all -m net.json
deconvviz layers --all -m net.json --json
deconvviz layers --all -m net.json --csv | tr -d '\r'
echo "-- one form at a time"
deconvviz layers --json --csv || echo "exit $?"

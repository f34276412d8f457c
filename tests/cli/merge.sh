# merge: what is not of one run is not merged, and nothing is written then.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=6 -v DIR=img
for k in 1 2 3; do deconvviz mine -q -l 2 --shard $k/3 -o $k.json img >/dev/null; done
deconvviz merge 1.json 3.json -o part.json
deconvviz merge part.json 2.json -o all.json
deconvviz merge part.json 1.json -o no.json || echo "exit $?"
deconvviz merge all.json 2.json -o no.json || echo "exit $?"
deconvviz mine -q -l 2 --shard 2/3 -k 8 -o other.json img >/dev/null
deconvviz merge 1.json other.json -o no.json || echo "exit $?"
deconvviz mine -q -l 2 --shard 2/3 -o other.json img/0[1-5].ppm >/dev/null
deconvviz merge 1.json other.json -o no.json || echo "exit $?"
head -n 27 1.json | sed '$s/,.*/,/' >broken.json
deconvviz merge broken.json 2.json -o no.json || echo "exit $?"
deconvviz merge 1.json nosuch.json -o no.json || echo "exit $?"
echo '{"format":"deconvviz index","version":2}' >new.json
deconvviz merge new.json -o no.json || echo "exit $?"
deconvviz merge 1.json || echo "exit $?"
ls

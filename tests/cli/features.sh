# features: rows, their images and classes, what they are of; shards; what is refused.
mkdir img img/cats img/dogs
awk -f "$(dirname "$0")/pictures.awk" -v N=5 -v DIR=img
mv img/01.ppm img/02.ppm img/cats && mv img/03.ppm img/04.ppm img/dogs && rm img/05.ppm
features() { deconvviz features -q "$@" 2>&1 || echo "exit $?"; }
shape() { head -c 128 "$1" | grep -ao "'shape': ([0-9, ]*)"; }

echo "-- what is written"
features -l 5,7 --labels-from dirs -o f.npy img
shape f.npy
cat f.txt
sed 's/"program":"[^"]*"/"program":P/; s/"model".*/"model":M/; s/"sha256":"[0-9a-f]*"/"sha256":H/g; s/"list":"[0-9a-f]*"/"list":L/' f.json | grep -v '^ {"role'
features -o last.npy img/cats
features -l conv2 --pool grid:2 --normalize -o grid.npy img/cats
features -l conv2 --pool none -o none.npy img/cats && shape none.npy
find img -name '*.ppm' | sort | features -l 5 --pool mean --list - -o list.npy
cut -f 1 list.txt

echo "-- shards, threads, a run that was stopped"
for k in 1 2; do features -l 5,7 --labels-from dirs --shard $k/2 -o $k.npy img; done
deconvviz merge -q -o m.npy 2.npy 1.npy
for e in npy txt json; do cmp f.$e m.$e; done
features --threads 1 -l 5,7 --labels-from dirs -o t.npy img
for e in npy txt json; do cmp f.$e t.$e; done

echo "-- some that cannot be read"
head -c 99 img/cats/01.ppm >img/cats/cut.ppm
features -l 5 -o s.npy img nosuch.ppm
wc -l <s.txt

echo "-- refused"
features -l 5 -o f.npy
features -l 5 img
features -l 99 -o no.npy img
features -l 5 --pool min -o no.npy img
features -l 5 --pool grid:99 -o no.npy img
features -l 5 --shard 3/2 -o no.npy img
features -l 5 --shard 3 -o no.npy img
features -l 5 --labels-from nosuch.txt -o no.npy img
features -l 5 -o img/cats/01.ppm img
features -l 5 -o img img
deconvviz merge -q -o no.npy 1.npy 1.npy || echo "exit $?"
deconvviz merge -q -o no.npy 1.npy || echo "exit $?"
deconvviz merge -q -o no.npy 1.npy nosuch.npy || echo "exit $?"
ls

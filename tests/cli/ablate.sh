# ablate: units silenced, layers left out, another top; tables, a figure, and what is refused.
mkdir img img/n01443537 img/n01629819
awk -f "$(dirname "$0")/pictures.awk" -v N=12 -v DIR=img
for i in 01 02 03 04 05 06; do mv img/$i.ppm img/n01443537; done
mv img/*.ppm img/n01629819
ablate() { deconvviz ablate -q "$@" || echo "exit $?"; }
cut_off() { cut -d , -f 1-6,16-17; }

echo "-- what the network says is right"
ablate -l 6,7 --share 0.5 --draws 2 img | awk '{ print NF, $1, $2, $3, $4, $5, $6, $7 }'
for key in Study Random-Seed Model-SHA256; do grep -aq "tEXt$key" ablate.png && echo $key; done
ablate -l none --skip 4,5 --skip 7 --csv --no-figure img | cut_off
ablate -l none --csv --no-figure img | cut -d , -f 2

ablate -l all --share 0.5 --order weakest --skip none --no-figure --csv img | cut -d , -f 2 | tail -n 7 | xargs

echo "-- true classes"
ablate -l 7 --share 0.25,1 --order strongest --skip none --no-figure --table silenced --csv --labels-from dirs img | cut_off
ablate -l 5 -l relu7 --by weights --order weakest,random --skip none --no-figure --table silenced --json --labels-from dirs img |
    sed 's/:-*[01]\(\.[0-9]*\)*\([,}]\)/:R\2/g; s/"[a-z0-9_]*_\(low\|high\)":[^,}]*[,}]//g' | head -n 3
ablate -l none --skip none --no-figure --labels-from dirs --probe 5 --pool grid:2 img | cut -c 1-26
ablate -l none --skip none --no-figure --labels-from dirs --probe-images img img | cut -c 1-26
ablate -l none --skip 4 --probe none --no-figure --time --json --labels-from dirs img | grep -c '"milliseconds":[0-9]'

echo "-- single units"
ablate -l 7 --skip none --no-figure --table units --top 3 --csv img | head -n 1
ablate -l 7 --skip none --no-figure --table units --top 3 img | wc -l

echo "-- the same bytes"
for t in 1 3; do ablate -l 5-7 --share 0.3,0.6 --threads $t --width 85 -o $t.svg --labels-from dirs img >$t.txt; done
cmp 1.txt 3.txt && cmp 1.svg 3.svg && echo same
deconvviz ablate -l 7 --share 0.5 --images 4 -o few.pdf img 2>few.txt >few.out
sed 1d few.txt

echo "-- refused"
ablate
ablate --share 1.5 img
ablate --share 0.5,0.2 img
ablate --share half img
ablate --order loudest img
ablate -l 8 img
ablate -l 99 img
ablate --skip 3 img
ablate --skip 6,7 img
ablate --skip 8 img
ablate --skip pool1 img
ablate --probe 5 img
ablate --probe-images img img
ablate --probe 5 --labels-from dirs --pool most img
ablate -l image --by weights --skip none img
ablate --labels-from names img
ablate --folds 1 img
ablate --json --csv img
ablate --table rows img
ablate -o ablate.txt img
ablate -o img/n01443537/01.ppm img/n01443537
ablate --size 96 img
ablate nosuch
ls

# evolve: tables, a figure and an animation that say where they come from; checkpoints in order, found, named, followed.
mkdir img run models
awk -f "$(dirname "$0")/pictures.awk" -v N=4 -v DIR=img
from=$TESTDATA/../../models
for e in 01 20; do cp "$from/zfnet64-epoch$e.safetensors" run/net-e$((${e#0} / 2 + 2)).safetensors; done
cp "$from/zfnet64.json" net.json
sed -i '/"weights": "zfnet64/d; /"labels"/d' net.json
evolve() { deconvviz evolve -q -l 1,2 --sample 4 "$@" || echo "exit $?"; }

echo "-- epoch2 comes before epoch12"
evolve --no-figure --checkpoints run img | sed 's/[0-9]*\.[0-9]*/N/g'
evolve --no-figure --checkpoints run --table checkpoints --csv img | cut -d, -f1-4
evolve --no-figure --checkpoints run --table units -c 3 --sample 1 --json img |
    sed 's/":[0-9][0-9.e+-]*/":N/g; s/\[[0-9,]*\]/[Y,X]/; s/[0-9]*\.ppm/N.ppm/; s/\(true\|false\)/B/g' | sort -u | head -n 2
echo "-- any number of threads"
for n in 1 3; do evolve --threads $n --checkpoints run --table units --csv -o $n.svg img >$n.csv; done
cmp 1.csv 3.csv && cmp 1.svg 3.svg && echo same
echo "-- what is written"
deconvviz evolve -l 1 -c 0,5 --sample 2 --checkpoints run --apng moves.png -o f.png --patches --dpi 60 img >/dev/null
for f in f.png moves.png; do
    for key in Model-SHA256 Checkpoints Images Sample; do grep -aq "tEXt$key" $f && echo $f $key; done
done
grep -aoE 'acTL|fcTL|fdAT|IEND' moves.png
echo "-- a network without weights of its own; those beside it"
evolve -m net.json --no-figure --checkpoints run img | wc -l
cp run/net-e2.safetensors net-e2.safetensors
evolve -m net.json --no-figure --csv img | cut -d, -f1-3,5,6
cp "$from"/zfnet64-epoch0[12].safetensors models
evolve --no-figure --csv img | wc -l
echo "-- others in the folder are left out; named ones fail"
cp "$from/alexnet64-epoch01.safetensors" run/other.safetensors
evolve --no-figure --csv --checkpoints run img | wc -l
evolve --no-figure --csv --checkpoints run --checkpoints run/other.safetensors img
rm run/other.safetensors
echo "-- followed"
mkdir live
cp run/net-e2.safetensors live
(sleep 1; head -c 100000 run/net-e12.safetensors >live/net-e12.safetensors; sleep 0.4; cp run/net-e12.safetensors live) &
evolve --follow-for 3 --checkpoints live -o live.svg --dpi 60 --table units --csv img | sed 's/live/run/' >live.csv
wait
evolve --checkpoints run -o run.svg --dpi 60 --table units --csv img | cmp - live.csv && ls live.svg
echo "-- refused"
evolve --follow img
evolve --checkpoints nosuch img
mkdir empty
evolve --checkpoints empty img
evolve -m net.json --checkpoints run -c 64 img
evolve --checkpoints run -l 9 img
evolve --checkpoints run --converged 2 img
evolve --checkpoints run --json --csv img
evolve --checkpoints run -o evolve.gif img
evolve --checkpoints run --apng img/01.ppm img
evolve --checkpoints run -o run/net-e2.safetensors.png --no-figure nosuch.png
evolve
ls

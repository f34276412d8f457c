# mine: the same bytes for any number of threads, in shards, appended, resumed; what is skipped and refused.
pictures="awk -f $(dirname "$0")/pictures.awk"
mkdir img img/b
$pictures -v N=12 -v DIR=img
$pictures -v N=17 -v DIR=img/b
rm img/b/0* img/b/10.ppm img/b/11.ppm img/b/12.ppm
mine()
{
    deconvviz mine -q -l 1 -l 5 -l fc8 "$@" >said
    status=$?
    sed 's/, [0-9]* of them.*//' said # rounding may wake a unit
    rm said
    return $status
}

mine --threads 1 -o one.json img
for n in 2 3 4; do mine --threads $n -o n.json img && cmp one.json n.json; done
for k in 1 2 3; do mine --shard $k/3 -o shard-$k.json img; done
deconvviz merge -q shard-3.json shard-1.json shard-2.json -o n.json && cmp one.json n.json
mine -o n.json img/0*.ppm img/1*.ppm
mine --append -o n.json img/b && cmp one.json n.json
mine --sample 0 -o n.json img/0*.ppm && grep -c '"sample"' n.json
mine --append -o n.json img/1*.ppm img/b && grep -c '"sample"' n.json # as the index has it
find img -name '*.ppm' | sort | mine -o n.json --list - && cmp one.json n.json
ls

echo "-- killed and resumed"
for wait in 0.02 0.05 0.1 0.15 0.2 0.3; do
    rm -f n.json
    timeout -s KILL $wait deconvviz mine -q --threads 1 -l 1 -l 5 -l fc8 -o n.json img >/dev/null 2>&1
    mine -o n.json img >/dev/null && cmp one.json n.json
done
ls

echo "-- skipped"
echo "no picture" >img/b/bad.png
mine -o n.json img nosuch.png || echo "exit $?"
rm img/b/bad.png

echo "-- refused"
mine -o n.json || echo "exit $?"
mine img || echo "exit $?"
deconvviz mine -q -l 11 -o n.json img || echo "exit $?"
mine -k 0 -o n.json img || echo "exit $?"
mine -k 3 --per-image 4 -o n.json img || echo "exit $?"
mine --shard 4/3 -o n.json img || echo "exit $?"
mine --shard 4 -o n.json img || echo "exit $?"
mine --sample 257 -o n.json img || echo "exit $?"
mine --sample 5 --append -o one.json img/b || echo "exit $?"
mine -k 5 --append -o one.json img/b || echo "exit $?"
mine -o nosuch/n.json img || echo "exit $?"
mine -o /dev/full img || echo "exit $?"
mkdir empty
mine -o n.json empty || echo "exit $?"

# The scripts: the nine strongest of a folder in one line, and the same over shards in parallel.
scripts=$(dirname "$0")/../../scripts
command -v parallel >/dev/null || { echo "skip: GNU parallel is not installed"; exit 77; }
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=10 -v DIR=img
"$scripts/top9" img one -l 2 -q | sed 's/, [0-9]* of them.*//'
"$scripts/top9-parallel" 3 img many -l 2 -q | sed 's/, [0-9]* of them.*//'
cmp one/index.json many/index.json && cmp one/layer2.png many/layer2.png
ls one many
echo "no picture" >img/bad.png
"$scripts/top9-parallel" 3 img bad -l 2 -q >/dev/null || echo "exit $?"
ls bad
"$scripts/top9-parallel" 3 || echo "exit $?"

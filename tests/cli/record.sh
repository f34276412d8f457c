# record: what is written, and what is refused; verify --root and --update.
mkdir img
LC_ALL=C awk -v N=2 -v DIR=img -f "$TESTDATA/../reference/draw.awk"
record()
{
    deconvviz record -q "$@" >said 2>&1
    status=$?
    sed '/its projection is 0/d; s/  .*//' said
    return $status
}
verify()
{
    deconvviz verify -q "$@" >said 2>&1
    status=$?
    sed 's/  */ /g; s/^ \(failed\|changed\|REGRESSED\).* \([0-9].ppm\)/\1 \2/' said
    return $status
}
echo "-- a folder"
record -l 1 -l fc8 -c 3,5 -o refs img
ls refs
grep -c '^{"image":' refs/manifest.json
record -l 5 -c 7 -p 2,3 --size 48 --no-png --copy -o deep/er/refs/ img/1.ppm
ls deep/er/refs deep/er/refs/images
grep -o '"at":"given","position":\[2,3\]' deep/er/refs/manifest.json
record -l 2 -c 3 -p all --size 48 --rule guided --seed one --no-png -o whole img/2.ppm
grep -o '"at":"all","position":null' whole/manifest.json
grep '^"options"' whole/manifest.json
for folder in refs deep/er/refs whole; do verify $folder; done
record -l 1 -c 3 --size 48 -o same img/1.ppm ./img/1.ppm
ls same

echo "-- the same bytes for any number of threads"
for n in 1 2 3; do record -l 2 -c 3 --size 48 --threads $n -o threads-$n img >/dev/null && diff -r threads-1 threads-$n; done

echo "-- elsewhere"
mkdir -p elsewhere/img flat
cp img/* elsewhere/img
cp img/* flat
mv img gone
verify refs || echo "exit $?"
verify refs --root elsewhere
verify refs --root flat
mv gone img

echo "-- renewed"
cp -r refs before
verify --update refs && diff -r refs before
sed 's/"mean": \[[^]]*\]/"mean": [0.5, 0.2, 0.5]/; /"labels"/d' "$TESTDATA/../../models/zfnet64.json" >other.json
cp "$TESTDATA/../../models/zfnet64.safetensors" .
verify refs -m other.json >/dev/null || echo "exit $?"
verify --update refs -m other.json | tail -n 1
verify refs
grep -o '"path":"other.json"' refs/manifest.json
cp img/1.ppm img/2.ppm
verify refs || echo "exit $?"
verify --update refs | tail -n 1
verify refs
rm other.json
verify --update refs || echo "exit $?"
verify --update refs -m zfnet64 >/dev/null 2>&1 || echo "exit $?"
verify --update deep/er/refs
ls -A . deep/er

echo "-- killed: there are always references, old or new"
record --update -l 2 -c 3 --size 48 -o whole img/2.ppm
for wait in 0.02 0.05 0.1 0.2 0.3; do
    timeout -s KILL $wait deconvviz record -q --update -l 1 -c 3 --size 48 -o whole img >/dev/null 2>&1
    verify whole | sed 's/[12] unit.*/all agree/'
done
rm -rf .deconvviz*

echo "-- what comes into the folder while it is written stays"
# Starts record into busy and stops it at work: its temporary folder is there, and has not taken busy's place. Where
# record was faster, once more with busy as it was.
halted()
{
    kept=$(mktemp -d)
    [ ! -d busy ] || cp -a busy "$kept"
    for _ in $(seq 50); do
        was=$(ls -di busy 2>/dev/null)
        deconvviz record -q --size 48 -l 1 "$@" -o busy img >said 2>&1 &
        until [ -n "$(ls -d .deconvviz-*.d 2>/dev/null)" ] || ! kill -0 $! 2>/dev/null; do :; done
        kill -STOP $! 2>/dev/null && [ -n "$(ls -d .deconvviz-*.d 2>/dev/null)" ] &&
            [ "$(ls -di busy 2>/dev/null)" = "$was" ] && break
        kill -CONT $! 2>/dev/null
        wait $!
        rm -rf busy
        [ ! -d "$kept/busy" ] || cp -a "$kept/busy" .
    done
    rm -r "$kept"
}
# meanwhile COMMAND RECORD'S WORDS...
meanwhile()
{
    command=$1
    shift
    halted --update --copy --no-png "$@"
    eval "$command"
    kill -CONT $!
    wait $!
    status=$?
    sed 's/  .*//; s,[^ ]*[.]deconvviz-[0-9-]*,.deconvviz-N,' said
    [ $status -eq 0 ] || echo "exit $status"
}
meanwhile : -c 3
meanwhile 'echo mine >busy/notes.txt; mkdir busy/sub; echo mine >busy/images/notes.txt; echo mine >busy/sub/x' -c 4
cat busy/notes.txt busy/images/notes.txt busy/sub/x
ls -A . busy busy/images
verify busy
rm -r busy/notes.txt busy/images/notes.txt busy/sub
meanwhile 'echo mine >busy/1-1-c5.npy' -c 5
cat .deconvviz-*.d/1-1-c5.npy
verify busy
rm -r .deconvviz-*.d busy
mkdir busy
halted -c all
cp refs/manifest.json busy
kill -CONT $!
wait $! || echo "exit $?"
grep -v 'is 0 everywhere' said
ls -A busy
rm -r busy

echo "-- a link to another file system"
far=$(mktemp -d /dev/shm/deconvviz-XXXXXX 2>/dev/null || mktemp -d)
ln -s "$far" far
record -l 1 -c 3 --size 48 --no-png -o far img
record -l 1 -c 4 --size 48 --no-png --update -o far/ img
verify far
ls "$far"
rm -r "$far"
record -l 1 -c 3 -o far img || echo "exit $?"
rm far

echo "-- refused"
record -l 1 -c 3 -o refs img || echo "exit $?"
record -l 1 -c 3 -o img img || echo "exit $?"
record -l 1 -c 3 --update -o img img || echo "exit $?"
record -l 1 -c 3 -o said img || echo "exit $?"
touch refs/notes.txt
record -l 1 -c 3 --update -o refs img || echo "exit $?"
rm refs/notes.txt
record -l 1 -c 3 --size 48 --update -o refs img
record -l 1 -c 3 img || echo "exit $?"
record -l 1 -o new img || echo "exit $?"
record -l 1 -c 3 -o new || echo "exit $?"
record -l 1 -c 99 -o new img || echo "exit $?"
record -l 1 -c 3 -p 99,0 -o new img || echo "exit $?"
record -l 1 -c 3 -o new nosuch.png || echo "exit $?"
echo "no picture" >bad.png
record -l 1 -c 3 --size 48 --update -o refs img/1.ppm bad.png || echo "exit $?"
verify refs
ls -d new .deconvviz* 2>/dev/null
deconvviz help record | head -n 2
deconvviz help verify | head -n 4

# Several threads at work in each command, on a network of two layers and small images: the files and words of one
# thread. It is what the thread sanitizer sees of the program, so that it is short.
mkdir img
awk -v N=6 -v DIR=img -f "$TESTDATA/../reference/draw.awk"
echo "no picture" >img/4.ppm
cp "$TESTDATA/../../models/zfnet64.safetensors" n.safetensors
sed '/"labels"/d; s/"weights": "zfnet64.safetensors",//; /"pool2"/,/"fc8"/d; s/\("relu2"}\),/\1/' \
    "$TESTDATA/../../models/zfnet64.json" >n.json
# run THREADS COMMAND...: in a folder of that name, from which the images are ../img
run()
{
    threads=$1
    shift
    mkdir -p "$threads"
    (cd "$threads" && deconvviz "$@" -q --threads "$threads" >>said 2>&1) || echo "exit $?" >>"$threads/said"
}
work()
{
    run "$1" project -m ../n.json --size 32 -l 2 -c 0-3 -o units ../img
    run "$1" project -m ../n.json --size 32 -l 2 -c top:4 --sheet -o sheets/ ../img/1.ppm ../img/2.ppm
    run "$1" project -m ../n.json --size 32 -l 2 -c all --no-png --npy maps ../img/3.ppm
    run "$1" mine -m ../n.json --size 32 -l 1 -l 2 -k 3 -o index.json ../img
    run "$1" sheets -m ../n.json -l 2 -c 0-3 --side 32 -o mined index.json
    run "$1" record -m ../n.json --size 32 -l 2 -c 1,2 -o refs ../img/1.ppm ../img/2.ppm
    run "$1" verify refs
    run "$1" classify --top 1 ../img/1.ppm ../img/2.ppm ../img/4.ppm
}
work 1
work 3
diff -r 1 3
# Which are there is the same in both; rounding may wake a unit.
sed '/^maps\/\|is 0 on this image/d; s/  .*//; s/, [0-9]* of them.*//' 1/said

echo "-- stopped"
# stop FILE COMMAND...: SIGTERM as soon as FILE is there
stop()
{
    file=$1
    shift
    deconvviz "$@" -q --threads 3 >said 2>&1 &
    until ls -d $file >/dev/null 2>&1 || ! kill -0 $! 2>/dev/null; do :; done
    kill -TERM $! 2>/dev/null
    wait $!
    status=$?
    case $status in
    0 | 143) ;;
    *) echo "$1: exit $status" && cat said ;;
    esac
    find . -name '.deconvviz*' -o -name '*.new'
    echo "$1"
}
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" # at the end of a process a signal can catch the one who looks
rm img/4.ppm
stop 'out/*.png' project -m n.json --size 32 -l 2 -c all -o out img
stop i.json.journal mine -m n.json --size 32 -o i.json img
stop 'mined/layer2/*.png' sheets -m n.json --side 32 -o mined 1/index.json --root 1
stop '.deconvviz-*.d' record -m n.json --size 32 -l 2 -c all -o refs img

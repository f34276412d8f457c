# Stopped at any moment by any signal: the status says which, nothing temporary stays, a mined journal goes on.
# Leaks are not looked for: at the end of a process a signal can catch the one who does in the middle.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
mkdir img pictures
awk -v N=2 -v DIR=img -f "$TESTDATA/../reference/draw.awk"
sed 's/"mean": \[[^]]*\]/"mean": [0.5, 0.2, 0.5]/; /"labels"/d' "$TESTDATA/../../models/zfnet64.json" >other.json
cp "$TESTDATA/../../models/zfnet64.safetensors" .
deconvviz record -q --no-png -l 1 -l 2 -c 0-30 --size 48 -o before img >/dev/null 2>&1
deconvviz mine -q -o i.json img >/dev/null
for k in 1 2; do deconvviz mine -q --shard $k/2 -o $k.json img >/dev/null; done

# stopped STATUSES COMMAND...: with one of them, where it is not stopped
stopped()
{
    ends=" $1 "
    shift
    for signal in INT:130 TERM:143 HUP:129 PIPE:141; do
        for wait in 0.01 0.03 0.06 0.1; do
            timeout --preserve-status -s ${signal%:*} $wait deconvviz "$@" >said 2>&1
            status=$?
            case "$ends${signal#*:} " in
            *" $status "*) ;;
            *) echo "$1, $signal after $wait s: exit $status" && cat said ;;
            esac
            left=$(find . -name '.deconvviz*' -o -name '*.new')
            [ -z "$left" ] || echo "$1, $signal after $wait s: left $left"
            rm -rf $left
        done
    done
    echo "$1"
}
stopped "0" project -q -l 1 -l 2 -c all -o pictures img/1.ppm img/2.ppm
stopped "0" project -q -l 1 -l 2 -l 3 -c all --sheet -o pictures img/1.ppm img/2.ppm
stopped "0" sheets -q i.json -o sheets -l 1 -l 2
stopped "0" record -q --update -l 1 -l 2 -c 0-20 --size 48 -o refs img
stopped "1" verify -q -m other.json -o changed before
stopped "0" mine -q -o n.json img
stopped "0" merge -q -o m.json 1.json 2.json

echo "-- what is said"
mkdir many
for i in 0 1 2 3 4 5 6 7 8 9; do for k in 0 1 2 3 4 5 6 7 8 9; do cp img/1.ppm many/$i$k.ppm; done; done
deconvviz mine -q --threads 1 -o one.json many >/dev/null
rm -f n.json*
# stop_once FILES COMMAND...: SIGTERM to the command as soon as one of those files is there.
stop_once()
{
    files=$1
    shift
    deconvviz "$@" >/dev/null 2>said &
    until ls -d $files >/dev/null 2>&1 || ! kill -0 $! 2>/dev/null; do :; done
    kill -TERM $!
    wait $!
    echo "exit $?"
    cat said
}
stop_once n.json.journal mine -q --threads 1 -o n.json many
deconvviz mine -q --threads 1 -o n.json many >/dev/null && cmp n.json one.json
ls n.json*
stop_once '.deconvviz-*.d' record -q -l 1 -c all -o new many
ls -A | grep -e new -e '^[.]d'

echo "-- nobody reads"
unread() { { sleep 0.5 && "$@" && echo "exit 0" >&2 || echo "exit $?" >&2; } | :; }
unread deconvviz layers
unread deconvviz sheets -q i.json -o gone
(trap '' PIPE; unread deconvviz layers)

echo "-- a file of weights that is cut short once the image is asked for"
cat >large.json <<'END'
{"format": "deconvviz-network", "version": 1, "name": "large", "weights": "large.safetensors",
 "input": {"name": "image", "shape": [3, 32, 32]},
 "nodes": [{"op": "Flatten", "name": "flatten"}, {"op": "Gemm", "name": "fc", "weights": "fc", "transB": 1}]}
END
head='{"fc.weight":{"dtype":"F32","shape":[1000,3072],"data_offsets":[0,12288000]},'
head=$head'"fc.bias":{"dtype":"F32","shape":[1000],"data_offsets":[12288000,12292000]}}'
head=$(printf '%-184s' "$head") # numbers that stand where they may are not copied
{
    printf "\\$(printf %03o ${#head})\0\0\0\0\0\0\0%s" "$head"
    head -c 12292000 /dev/zero
} >large.safetensors
mkfifo image.ppm
{
    timeout 60 deconvviz forward -q -m large.json image.ppm 2>said
    echo "exit $?"
} &
exec 3>image.ppm
: >large.safetensors
cat img/1.ppm >&3
exec 3>&-
wait
sed 's|^\(deconvviz: \).*/|\1|' said

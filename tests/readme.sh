#!/bin/sh
# readme.sh BUILD - runs every deconvviz command of the README, as it stands there, on stand-ins for its files.
here=$(cd "$(dirname "$0")/.." && pwd)
PATH=$(cd "$1" && pwd):$PATH
model=$here/../shared/models/squeezenet1.1-imagenet.onnx
photographs=$here/../shared/images/imagenet-1000
if [ ! -f "$model" ] || [ ! -d "$photographs" ]; then
    echo "skip: ../shared with its models and photographs is not here"
    echo "ok 1 # SKIP readme"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/photos"
cp "$model" "$dir/model.onnx"
cp "$here/../shared/models/imagenet-labels.txt" "$dir/labels.txt"
cp "$photographs"/n02165456_*.jpg "$dir/img.jpg"
cp "$photographs"/n0210*.jpg "$dir/photos"
cp -R "$here/models" "$dir/models"
mkdir "$dir/classes" "$dir/classes/hounds" "$dir/classes/shepherds"
cp "$photographs"/n0208[89]*.jpg "$dir/classes/hounds"
cp "$photographs"/n0210[5-6]*.jpg "$dir/classes/shepherds"
set -- "$dir"/photos/*
printf '[{"image": "img.jpg", "parts": {"eye": [40,40,90,90]}}, {"image": "photos/%s", "parts": {"eye": [60,40,110,90]}}]' \
    "${1##*/}" >"$dir/parts.json"
cd "$dir" || exit 1

# An indented line that begins with the program's name; what follows three blanks explains it.
sed -n 's/^    \(deconvviz .*\)$/\1/p' "$here/README.md" | sed 's/   .*//' >commands
n=0 failed=0

# A server does not end by itself: it has said where it is, and ends when it is asked to.
serve() {
    sh -c "exec $1 --port 0 --no-browser" >said 2>&1 </dev/null &
    for _ in $(seq 300); do
        grep -q '^http://' said && break
        sleep 0.1
    done
    kill $! && wait $! && grep -q '^http://' said
}

run() {
    case $1 in
    'deconvviz serve'*) serve "$1" ;;
    *) sh -c "$1" >said 2>&1 </dev/null ;;
    esac
}

while read -r command; do
    n=$((n + 1))
    if run "$command"; then
        echo "ok $n - $command"
    else
        echo "not ok $n - $command"
        cat said
        failed=1
    fi
done <commands
echo "1..$n"
[ "$n" -ge 15 ] || { echo "not ok $((n + 1)) - the README has at least fifteen commands"; failed=1; }
exit $failed

# The examples of every command's help run as they stand there, one after the other, on stand-ins for their files.
mkdir photos
awk -v N=2 -v DIR=photos -f "$TESTDATA/../reference/draw.awk"
models=$TESTDATA/../../models
for i in 1 2; do # named for their classes
    mv photos/$i.ppm "photos/$(sed -n "${i}s/ .*//p" "$models/tiny-imagenet-100.txt")_$i.ppm"
done
cp photos/*_1.ppm img.jpg
cp "$models/zfnet64.safetensors" "$models/tiny-imagenet-100.txt" .
cp "$models/zfnet64.json" model.onnx
printf '[{"image": "%s", "parts": {"eye": [4,4,12,12]}}, {"image": "%s", "parts": {"eye": [8,8,20,16]}}]' photos/* >parts.json
cp "$models/zfnet64.json" net.json
mkdir run models
cp "$models/alexnet64.json" "$models/alexnet64.safetensors" "$models/tiny-imagenet-100.txt" models
for e in 01 02; do
    cp "$models/zfnet64-epoch$e.safetensors" run
    cp "$models/zfnet64-epoch$e.safetensors" models
done
deconvviz mine -q -l 5 --shard 2/2 -o shard-2.json photos >/dev/null
mkdir more
awk -v N=3 -v DIR=more -f "$TESTDATA/../reference/draw.awk"
deconvviz mine -q -m models/alexnet64.json -o other.json more >/dev/null
for k in 1 2; do deconvviz features -q --shard $k/2 -o features-$k.npy photos >/dev/null; done
mkdir -p caltech/a caltech/b VOCdevkit/VOC2012/ImageSets/Main # two classes of 31
for i in $(seq 101 131); do
    ln photos/*_1.ppm "caltech/a/a$i.ppm" && ln photos/*_2.ppm "caltech/b/b$i.ppm"
    set=$([ "$i" -lt 120 ] && echo train || echo val)
    printf 'a%d 1\nb%d -1\n' "$i" "$i" >>VOCdevkit/VOC2012/ImageSets/Main/a_$set.txt
done
for i in 1 2; do # folders of classes that the built-in model knows
    name=$(sed -n "${i}s/ .*//p" "$models/tiny-imagenet-100.txt")
    mkdir -p "val/$name" && ln photos/*_$i.ppm "val/$name/"
done
for name in caltech voc; do deconvviz features -q -l 5 --labels-from dirs -o $name.npy caltech >/dev/null; done
for c in $(deconvviz help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    deconvviz help "$c" | sed -n '/^For example:/,$s/^  \([^ ].*deconvviz .*\|deconvviz .*\)/\1/p'
done | grep -v '^eval\|^deconvviz serve' >commands # a server does not end: tests/cli/serve.sh, tests/serve
while read -r command; do
    echo "$command"
    sh -c "$command" >said 2>&1 || { echo "exit $?"; cat said; }
done <commands
ls

# verify: quiet wherever the built-in model runs; each of the things that go wrong is found; what cannot be compared.
refs=$TESTDATA/../reference/zfnet64
models=$TESTDATA/../../models

# Any report but the one that is wanted.
agree()
{
    "$@" >said 2>&1
    status=$?
    grep -q ': 18 units agree$' said && [ $status -eq 0 ] || { echo "exit $status: $* (was the built-in model replaced? make references)"; cat said; }
}
echo "-- the same model, on every machine that this one can be"
for core in Haswell SkylakeX; do agree env OPENBLAS_CORETYPE=$core deconvviz verify "$refs"; done
agree env -u OPENBLAS_CORETYPE deconvviz verify "$refs"
for isa in avx512 avx2 baseline; do
    for kernel in depthwise grouped winograd direct scatter sparse gemm; do
        agree env DECONVVIZ_ISA=$isa DECONVVIZ_KERNEL=$kernel deconvviz verify "$refs"
    done
    agree env DECONVVIZ_ISA=$isa deconvviz verify "$refs"
done
for threads in 1 2 3 4; do agree deconvviz verify --threads $threads "$refs"; done
agree deconvviz verify --exact "$refs"
agree deconvviz verify "$refs" -m "$models/zfnet64.json"
sed "s|$refs|REFS|" said

# Where a tensor's bytes begin in the weights; then their number.
bytes_of()
{
    set -- "$1" "$(od -An -tu8 -N8 weights.safetensors | tr -d ' ')"
    { head -c $((8 + $2)) weights.safetensors | tail -c "$2"; echo; } |
        sed -n "s/.*\"$1\": *{\"dtype\": *\"F16\"[^}]*\"data_offsets\": *\[\([0-9]*\), *\([0-9]*\)\].*/\1 \2/p" |
        while read -r from to; do echo $((8 + $2 + from)) $((to - from)); done
}
cp "$models/zfnet64.safetensors" weights.safetensors
sed -e '/"labels"/d' -e 's/"zfnet64.safetensors"/"weights.safetensors"/' "$models/zfnet64.json" >plain.json
deconvviz verify "$refs" -m plain.json | sed "s|$refs|REFS|; s|([0-9a-f]*)|(HASH)|g"

# How many units regress: some, or none.
regress()
{
    deconvviz verify "$refs" -m "$@" -o pictures --junit junit.xml >said 2>/dev/null
    status=$?
    n=$(grep -c '^  REGRESSED ' said)
    [ "$n" -eq "$(find pictures -name '*.png' | wc -l)" ] || grep -q '^  changed ' said || echo "pictures are missing"
    [ "$n" -eq "$(grep -c '<failure ' junit.xml)" ] || echo "junit.xml says something else"
    [ "$n" -gt 0 ] && n=some
    echo "exit $status, $n regressed"
    rm -rf pictures junit.xml
}
echo "-- one weight of a recorded unit of layer 1 is 1 now"
channel=$(sed -n 's/^{"image":0,"layer":"1",.*"channel":\([0-9]*\).*/\1/p' "$refs/manifest.json")
set -- $(bytes_of conv1.weight)
printf '\000\074' | dd of=weights.safetensors bs=1 seek=$(($1 + 2 * (147 * channel + 24))) conv=notrunc 2>/dev/null
regress plain.json
deconvviz verify "$refs" -m plain.json 2>&1 | sed -n 's/^model: plain.json (.*), recorded with zfnet64 (.*)/another model/p'
echo "-- a bias is left out"
cp "$models/zfnet64.safetensors" weights.safetensors
set -- $(bytes_of conv3.bias)
head -c "$2" /dev/zero | dd of=weights.safetensors bs=1 seek="$1" conv=notrunc 2>/dev/null
regress plain.json
cp "$models/zfnet64.safetensors" weights.safetensors
echo "-- a ReLU is left out"
sed '/"relu3"/d' plain.json >changed.json
regress changed.json
echo "-- blue for red"
sed 's/"order": "rgb"/"order": "bgr"/' plain.json >changed.json
regress changed.json
sed -n '/^order/p' said
regress zfnet64 --order bgr
sed '/"preprocess"/d' plain.json >changed.json
deconvviz verify "$refs" -m changed.json | sed "s|$refs|REFS|; s|([0-9a-f]*)|(HASH)|g"
echo "-- another mean"
sed 's/"mean": \[[^]]*\]/"mean": [0.5, 0.5, 0.5]/' plain.json >changed.json
regress changed.json
grep -c '^mean: 0.5 0.5 0.5, recorded with ' said
echo "-- floor for ceil in a pool"
sed -e '/"flatten"\|"fc[678]"\|"relu[67]"/d' -e 's/"pads": \[0, 0, 0, 0\]},/"pads": [0, 0, 0, 0]}/' \
    -e 's/\("pool[12]".*\)}/\1, "ceil_mode": 1}/' plain.json >ceil.json
sed 's/"ceil_mode": 1/"ceil_mode": 0/' ceil.json >floor.json
deconvviz record -q --no-png -m ceil.json -l 4 -l 5 -c top:3 -o ceil "$refs/images" >/dev/null
deconvviz verify ceil
deconvviz verify ceil -m floor.json >said 2>&1
echo "exit $?, $(grep -c '^  REGRESSED ' said) regressed"
deconvviz verify ceil -m floor.json --json 2>/dev/null | sed -n '1s/.*"reason":"\([^"]*\)".*/\1/p'

echo "-- a tolerance of 0 is none"
deconvviz verify "$refs" --tolerance 0 --value-tolerance 0 | tail -n 1 | sed "s|$refs|REFS|"
regress zfnet64 --mean 0.482,0.45,0.4
regress zfnet64 --mean 0.482,0.45,0.4 --value-tolerance 0
deconvviz verify "$refs" --mean 0.482,0.45,0.4 --tolerance 0 --value-tolerance 0 --json >said 2>&1
grep -c '"allowed":0.02,' said

echo "-- what cannot be compared"
could()
{
    deconvviz verify -q "$@" >said 2>&1
    status=$?
    sed "s|$refs|REFS|g; s/ c[0-9][0-9]*/ cN/; s/-c[0-9]*\.npy/-cN.npy/; s/([0-9]*,[0-9]*)/(Y,X)/; s/   */  /g; s/  *$//" said | tail -n 3
    echo "exit $status"
}
could nosuch
could "$refs" -m nosuch.onnx
could "$refs" -m "$refs/manifest.json"
could "$refs" "$refs"
could "$refs" --junit nosuch/junit.xml
could "$refs" --tolerance -1
sed -e '/"relu5"\|"conv5"\|"pool5"/d' -e '/"relu4"/s/},/}/' ceil.json >changed.json
could ceil -m changed.json
cp -r "$refs" mine
rm mine/images/2.ppm
could mine
cp mine/images/3.ppm mine/images/2.ppm
could mine
cp "$refs/images/2.ppm" mine/images
for file in mine/1-5-c*.npy; do echo "damaged" >"$file"; done
could mine
sed -i 's/"copied":true/"copied":1/' mine/manifest.json
could mine
head -c 1000 "$refs/manifest.json" >mine/manifest.json
could mine

# Which model an index and references are of: its network and its weights, whatever they are called.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=3 -v DIR=img
cp "$TESTDATA/../../models/zfnet64.safetensors" n.safetensors
sed '/"labels"/d; s/"weights": "zfnet64.safetensors",//' "$TESTDATA/../../models/zfnet64.json" >n.json
# Rounding may wake a unit.
mine() { deconvviz mine -q -l 1 -k 2 "$@" 2>&1 | sed 's/[0-9a-f]\{12\}…/HASH/g; s/, [0-9]* of them.*//'; }
digest() { sha256sum "$1" | cut -c 1-64; }

echo "-- network and weights"
mine -m n.json -o i.json img/01.ppm
grep -o '"role":"[a-z]*","name":"[a-z.]*"' i.json
whole=$(printf 'network %s\nweights %s\n' "$(digest n.json)" "$(digest n.safetensors)" | sha256sum | cut -c 1-64)
grep -q "\"sha256\":\"$whole\",\"parts\"" i.json && echo "as sha256sum has it"
cp i.json before.json
sed 's/"Relu"/"LeakyRelu"/' n.json >leaky.json
cp n.safetensors leaky.safetensors
mine -m leaky.json --append -o i.json img/02.ppm
deconvviz sheets -q i.json -m leaky.json -o out 2>&1 | sed 's/[0-9a-f]\{12\}\.\.\./HASH/g'
cp "$TESTDATA/../../models/zfnet64-epoch01.safetensors" other.safetensors
mine -m n.json --weights other.safetensors --append -o i.json img/02.ppm
cmp i.json before.json
mkdir moved
cp n.json moved/m.json
cp n.safetensors moved/m.safetensors
mine -m moved/m.safetensors --append -o i.json img/02.ppm

echo "-- preprocessing and size"
mine -m n.json --mean 0.5,0.5,0.5 --append -o i.json img/03.ppm
mine -m n.json --size 72 --append -o i.json img/03.ppm
for k in 1 2; do mine -m n.json --size $((60 + 4 * k)) --shard $k/2 -o $k.json img; done
deconvviz merge 1.json 2.json -o no.json

echo "-- by an older version"
old() { sed 's/"sha256":"[0-9a-f]*","parts":\[$/"sha256":"'"$1"'"},/; /^ {"role"/d' "$2"; }
old "$(digest n.safetensors)" before.json >old.json
grep -c '"role"' old.json
mine -m n.json --append -o old.json img/02.ppm
mine -m n.json --weights other.safetensors --append -o old.json img/02.ppm

echo "-- references"
deconvviz record -q -m n.json -l 1 -c 3 --size 48 --no-png -o refs img/01.ppm >said 2>&1
grep -o '"role":"[a-z]*","name":"[a-z.]*"' refs/manifest.json
deconvviz verify -q refs
deconvviz verify -q refs -m leaky.json | sed 's/([0-9a-f]\{12\})/(HASH)/g' | grep '^model:'
old "$(digest n.safetensors)" refs/manifest.json >manifest.json
mv manifest.json refs
deconvviz verify -q refs

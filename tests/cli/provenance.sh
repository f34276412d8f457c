# Every PNG says where it comes from: which keys each kind of picture has, and that they are true.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=3 -v DIR=img
sha() { sha256sum "$1" | cut -c 1-64; }
# The value of a key that is plain text: behind its NUL, up to the checksum.
value() { tr '\0' '\n' <"$1" | LC_ALL=C sed -n "/tEXt$2\$/{n;s/[^ -~].*//;p;q;}"; }
says()
{
    echo "$1:" $(grep -aoE '[it][TE]Xt[A-Z][A-Za-z0-9-]*' "$2" | cut -c 5-)
    case $(value "$2" Software) in "deconvviz "*) ;; *) echo "by whom?" ;; esac
    case $(value "$2" Model-SHA256) in "$model"*) ;; *) echo "of which model?" ;; esac
    # shellcheck disable=SC2015
    [ -z "$3" ] || case $(value "$2" Image-SHA256) in "$(sha "$3")"*) ;; *) echo "of which image?" ;; esac
}
deconvviz mine -q -l 1 -o i.json img >/dev/null
model=$(sed -n 's/^"model":.*"sha256":"\([0-9a-f]*\)".*/\1/p' i.json)

deconvviz project -q -l 1 -c 3 -o unit.png img/01.ppm >/dev/null
says "a unit" unit.png img/01.ppm
deconvviz project -q -l 1 -c 3 -p all -o map.png img/01.ppm >/dev/null
says "a map" map.png img/01.ppm
deconvviz project -q -l 1 -c 0-5 --sheet -o sheet.png img/01.ppm >/dev/null 2>&1
says "units on a sheet" sheet.png img/01.ppm
deconvviz prepare -q img/02.ppm --png prepared.png
says "prepare" prepared.png img/02.ppm
deconvviz sheets -q i.json -o out -l 1 -c 3,5 >/dev/null
says "a mined unit" out/layer1/c003.png
says "contact sheet" out/layer1.png
deconvviz record -q -l 1 -c 3 --size 48 -o refs img/01.ppm >/dev/null
says "recorded" refs/01-1-c3.png img/01.ppm
sed 's/"mean": \[[^]]*\]/"mean": [0.5, 0.2, 0.5]/; /"labels"/d' "$TESTDATA/../../models/zfnet64.json" >other.json
cp "$TESTDATA/../../models/zfnet64.safetensors" .
deconvviz verify -q refs -m other.json -o changed >/dev/null 2>&1
model=$(printf 'network %s\nweights %s\n' "$(sha other.json)" "$(sha zfnet64.safetensors)" | sha256sum | cut -c 1-64)
says "what changed" changed/*.png img/01.ppm

echo "-- what stands there"
for png in unit.png refs/01-1-c3.png; do value $png Position | grep -c '^[0-9]*,[0-9]'; done
value map.png Position | cut -c 1-3
value out/layer1.png Scale
value out/layer1/c003.png Scale
tr '\0' '\n' <out/layer1.png | sed -n '/tEXtHits$/,/IDAT/p' | grep -ac "^c[35] [0-9.]* [0-9]*,[0-9]* [0-9.]* [0-9a-f]\{64\} img/0[123].ppm$"

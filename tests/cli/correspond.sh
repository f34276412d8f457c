# correspond: a figure and a table of what covering parts does; files of parts that do not suit are refused in a line.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=3 -v DIR=img
correspond() { deconvviz correspond -q "$@" || echo "exit $?"; }
parts() { printf '[%s]\n' "$*" >parts.json; }
image() { printf '{"image": "img/0%d.ppm", "parts": {"eye": [%s], "nose": [%s]}}' "$@"; }
parts "$(image 1 4,5,14,12 20,22,34,31), $(image 2 6,5,15,13 22,22,35,30), $(image 3 5,6,15,12 18,21,34,31)"
cp parts.json good.json
deconvviz correspond --repeats 2 --resamples 20 good.json 2>told | awk '{ print $1, $2, $3 }'
grep wrote told
for key in Model Image Image-SHA256 Layer Fill Random-Seed; do grep -aq "tEXt$key" correspond.png && echo $key; done
echo "-- more"
correspond --no-figure -l 1-3 --repeats 1 --resamples 9 --fill blur --against places --csv good.json >one.csv
head -n 1 one.csv
wc -l <one.csv
correspond --no-figure -l 1-3 --repeats 1 --resamples 9 --fill blur --against places --csv --threads 1 good.json | cmp - one.csv
correspond --no-figure -l 1-3 --repeats 1 --resamples 9 --fill blur --against places --csv --seed 1 good.json | cmp -s - one.csv || echo "another seed: other numbers"
correspond --no-figure -l fc8 --repeats 1 --json good.json | sed 's/"verdict":"[a-z ]*"/"verdict":V/; s/:-*[0-9.e-]*\([,}]\)/:N\1/g; 1q'
mkdir set
sed 's,img/,,g' good.json >set/parts.json
correspond -l 1 --repeats 1 --root img -o one.svg set/parts.json | wc -l
grep -c '</svg>' one.svg
correspond -l 1,2,3,4,5 --repeats 1 --rows 0 -o five.pdf good.json | wc -l
head -c 5 five.pdf
echo
echo "-- refused"
correspond
correspond nosuch.json
correspond set/parts.json
correspond -l 99 good.json
correspond --repeats 0 good.json
correspond --fill pink good.json
correspond -o x.gif good.json
correspond -o good.json good.json
correspond -o img/02.ppm good.json
parts "$(image 1 4,5,14,12 20,22,34,31)"
correspond parts.json
parts "$(image 1 4,5,14,12 20,22,34,31), $(image 2 4,5,14,12 20,22,9999,31)"
correspond parts.json
parts "$(image 1 4,5,14,12 20,22,34,31), $(image 2 4,5,4,12 20,22,34,31)"
correspond parts.json
parts "$(image 1 4,5,14,12 20,22,34,31), {\"image\": \"img/02.ppm\", \"parts\": {\"eye\": [4,5,14,12]}}"
correspond parts.json
parts "$(image 1 4,5,14,12 20,22,34,31), $(image 2 0,0,2,2 20,22,34,31)"
correspond --resize 128 parts.json
ls

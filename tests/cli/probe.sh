# probe: classifiers on features, layer by layer; sets of Pascal VOC; what is refused.
mkdir img img/cats img/dogs
awk -f "$(dirname "$0")/pictures.awk" -v N=12 -v DIR=img
for i in 01 02 03 04 05 06; do mv img/$i.ppm img/cats; done
mv img/*.ppm img/dogs
probe() { deconvviz probe -q "$@" 2>&1 || echo "exit $?"; }
deconvviz features -q -l 1,5,7 --labels-from dirs -o f.npy img >/dev/null
shape() { sed 's/0\.[0-9]*/R/g; s/-*[0-9.]*e-[0-9]*/R/g'; }

echo "-- accuracy by layer"
probe --train 2,4 --splits 3 f.npy | awk '{ print $1, $2, NF }'
probe --train 2,4 --splits 3 --no-figure --csv f.npy >five.csv
head -n 1 five.csv
probe --train 2,4 --splits 3 --no-figure --csv --threads 1 f.npy | cmp - five.csv
probe --train 3 --splits 2 --c 1 --test 1 --no-figure --json -l 5 f.npy | sed 's/:[01]\(\.[0-9]*\)*\([,}]\)/:R\2/g; s/"low.*"overall"/"overall"/'
probe --train 3 --splits 1 --classifier logistic --scale none -l 7 -l 1 --csv --no-figure f.npy | cut -d , -f 1-2,10-11
grep -aq "tEXtStudy" probe.png && echo figure
for f in one.svg one.pdf; do probe --train 3 --splits 1 --c 1 --width 85 -o $f f.npy | wc -l; done
deconvviz probe --train 3 --splits 1 --c 1 -o one.png f.npy 2>one.txt >/dev/null
cat one.txt

echo "-- Pascal VOC"
mkdir -p voc/ImageSets/Main
for i in 01 02 03 07 08 09; do
    echo "$i  $([ $i -lt 7 ] && echo " 1" || echo -1)" >>voc/ImageSets/Main/cat_train.txt
    echo "$i  $([ $i -lt 3 ] && echo -1 || echo " 1")" >>voc/ImageSets/Main/dog_train.txt
done
for i in 04 05 06 10 11 12; do
    echo "$i  $([ $i -lt 6 ] && echo " 1" || echo -1)" >>voc/ImageSets/Main/cat_val.txt
    echo "$i  $([ $i -lt 11 ] && echo " 0" || echo " 1")" >>voc/ImageSets/Main/dog_val.txt
done
sed -i 's/^12.*/12 -1/' voc/ImageSets/Main/dog_val.txt
probe --voc voc -o voc.png f.npy | awk '{ print $1, $2, $3, $4, NF }'
probe --voc voc -o voc.svg --csv --c 1 -l 5 f.npy | cut -d , -f 1-4
ls -- *.png *.svg *.pdf

echo "-- refused"
probe
probe nosuch.npy
probe img/cats/01.ppm
probe -l 2 f.npy
probe --train 6 f.npy
probe --train 1 f.npy
probe --train 4,2 f.npy
probe --train two f.npy
probe --splits 0 f.npy
probe --folds 1 f.npy
probe --c 0 f.npy
probe --classifier softmax f.npy
probe --json --csv f.npy
probe -o probe.txt f.npy
probe --voc voc --train 3 f.npy
probe --voc-sets train,test f.npy
probe --voc voc --voc-sets train f.npy
probe --voc voc --voc-sets train,test f.npy
probe --voc nosuch f.npy
echo "99 1" >>voc/ImageSets/Main/cat_val.txt
probe --voc voc f.npy
deconvviz features -q -l 7 -o none.npy img >/dev/null
probe none.npy
head -n 3 f.txt >short.txt && cp f.npy short.npy
probe short.npy
head -c 200 f.npy >none.npy
probe none.npy

# serve: it says where it is, answers there, and ends when it is asked to; what is refused. More of it: tests/serve.
mkdir img
awk -f "$(dirname "$0")/pictures.awk" -v N=2 -v DIR=img
echo "no picture" >img/broken.png
echo "-- it begins and ends"
mkfifo where
deconvviz serve -q --no-browser --port 0 img >where 2>said &
pid=$!
read -r url <where
echo "$url" | sed 's/:[0-9]*\/$/:PORT/'
kill -TERM $pid
wait $pid
echo "exit $?"
cat said
echo "-- a port that is taken"
deconvviz serve -q --no-browser --port 0 img >where 2>/dev/null &
pid=$!
read -r url <where
port=$(echo "$url" | sed 's/.*:\([0-9]*\)\/$/\1/')
deconvviz serve -q --no-browser --port "$port" 2>said || echo "exit $?"
sed "s/$port/PORT/" said
kill -TERM $pid
wait $pid
echo "exit $?"
echo "-- refused"
deconvviz mine -q -l 5 -o index.json img/01.ppm >mined
cat mined
for words in "--port 70000" "--port x" "--listen localhost" "--listen 300.1.1.1" "-m nosuch.onnx" "--index nosuch.json" \
    "-m zfnet64 -m zfnet64 -m zfnet64 -m zfnet64 -m zfnet64 -m zfnet64 -m zfnet64 -m zfnet64 -m zfnet64" "--labels img/01.ppm"; do
    # shellcheck disable=SC2086 # words
    timeout 20 deconvviz serve -q --no-browser --port 0 $words || echo "exit $?"
done

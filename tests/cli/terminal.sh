# A terminal is shown what names of images and labels hold, and obeys none of it; a pipe gets their bytes.
command -v script >/dev/null || {
    echo "skip: there is no script(1)"
    exit 77
}
escape=$(printf '\033') evil=$(printf 'a\033[2Jb\302\233c\377') # ESC, a C1 control, no UTF-8
awk -f "$(dirname "$0")/pictures.awk" -v N=1 -v DIR=.
mv 01.ppm "$evil.ppm"
{
    echo "$evil"
    seq 99
} >labels
# On a terminal; what is shown has escapes of its own in place of ESC.
shown() { TERM=dumb script -qec "$1" /dev/null | tr -d '\r' | sed "s/$escape/ESC/g" | LC_ALL=C tr '\200-\377' '?'; }

echo "-- on a terminal"
shown "deconvviz classify -q --top 1 --labels labels *.ppm" | sed 's/^ .*%.*/scores/'
shown "deconvviz classify -q --top 100 --labels labels *.ppm" | sed -n 's/^ .*% *0  /0 /p'
shown "deconvviz project -q -l 1 -c 3 *.ppm" | sed 's/) .*/)/'
shown "deconvviz project -q --json -l 1 -c 3 *.ppm" | sed 's/,"layer.*//'
shown "deconvviz layers --csv" | head -n 2
shown "deconvviz forward -q nosuch*.ppm"
shown "deconvviz project -q -l '$evil' -c 3 *.ppm" | cut -c 1-60
shown "deconvviz mine -q -l 1 -o '$evil.json' *.ppm"
shown "deconvviz $evil"
rm -f *.json*

echo "-- in a pipe"
deconvviz project -q -l 1 -c 3 *.ppm | grep -acF "$evil-1-c3.png  layer 1 "
deconvviz classify -q --top 100 --labels labels *.ppm | grep -acF "  0  $evil"
deconvviz classify -q --top 1 --labels labels *.ppm nosuch 2>&1 >/dev/null | tail -n 1
mv "$evil.ppm" "no
picture"
echo >"$evil"
deconvviz classify -q --top 0 "$evil" "no
picture" || echo "exit $?"

# Images that others cut short and write again all the while: some are skipped, and the run goes on.
mkdir img
{
    printf 'P6\n3000 2000\n255\n'
    head -c 18000000 /dev/zero
} >big
for i in 1 2 3 4; do cp big img/$i.ppm; done
touch going
while [ -e going ]; do
    for i in img/*; do
        : >"$i"
        cat big >"$i"
    done
done &
for turn in 1 2 3 4 5; do
    deconvviz mine -q --threads 1 -l 1 -o i.json img >said 2>&1
    status=$?
    [ $status -le 1 ] || echo "turn $turn: exit $status"
done
rm going
wait
ls

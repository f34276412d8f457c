#!/bin/sh
# check-stage.sh LOG COUNTS MAKE... - one stage of `make check`: runs MAKE with what it prints in LOG.log, leaves in
# LOG.counts how many tests passed, failed and were skipped, and shows what failed, at once when it has ended.
# COUNTS holds what its tests came to; a stage without tests of its own (lint) counts as one. Never fails itself, so
# that nothing is left out: scripts/count-stages.sh does.
log=$1 counts=$2
shift 2
rm -f "$log.counts" "$counts"
mkdir -p "$(dirname "$log")"
began=$(date +%s)
"$@" >"$log.log" 2>&1
status=$?
p=0 f=0 s=0
if [ -f "$counts" ]; then
    read -r p f s <"$counts"
elif [ $status -eq 0 ]; then
    p=1
fi
[ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
times >"$log.times"
said=$(
    echo "== $(basename "$log")"
    if [ "$f" -gt 0 ]; then
        tail -n 200 "$log.log"
    else
        grep -E '^skipped |^[0-9]+ passed, ' "$log.log"
    fi
    awk -v wall=$(($(date +%s) - began)) 'NR == 2 {
        split($1 "m" $2, t, /[ms]+/)
        printf "   %d s, %.0f s of processors\n", wall, 60 * t[1] + t[2] + 60 * t[3] + t[4] }' "$log.times"
)
echo "$p $f $s" >"$log.counts"
printf '%s\n' "$said"

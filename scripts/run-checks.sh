#!/bin/sh
# run-checks.sh - every stage of `make check`, one after the other, none left out because another failed.
# A stage without tests of its own (lint, a build) counts as one. Closes on the line that counts them all.
cd "$(dirname "$0")/.." || exit 2
: "${JOBS:=2}"
check=build/check
passed=0 failed=0 skipped=0
mkdir -p "$check"

# stage NAME FOLDER TARGET [VARIABLE=...]: FOLDER/test-counts holds what its tests came to, if it has any.
stage()
{
    name=$1 folder=$2
    shift 2
    began=$(date +%s)
    echo "== $name"
    rm -f "$folder/test-counts"
    make --no-print-directory -j"$JOBS" WERROR=1 B="$folder" "$@" >"$check/$name.log" 2>&1
    status=$?
    p=0 f=0 s=0
    if [ -f "$folder/test-counts" ]; then
        read -r p f s <"$folder/test-counts"
    elif [ $status -eq 0 ]; then
        p=1
    fi
    [ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
    if [ "$f" -gt 0 ]; then
        tail -n 200 "$check/$name.log"
    else
        grep -E '^skipped |^[0-9]+ passed, ' "$check/$name.log"
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    echo "   $name: $(($(date +%s) - began)) s"
}

stage lint "$check/lint" lint
stage gcc "$check/gcc" test CC=gcc
stage clang "$check/clang" all tests CC=clang
stage asan "$check/asan" test CC=gcc VARIANT=asan
stage tsan "$check/tsan" test CC=gcc VARIANT=tsan
stage valgrind "$check/gcc" valgrind CC=gcc

summary="$passed passed, $failed failed"
[ $skipped -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary" | tee "$check/summary"
[ $failed -eq 0 ] && [ $passed -gt 0 ]

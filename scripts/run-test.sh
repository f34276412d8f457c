#!/bin/sh
# run-test.sh LOG COMMAND... - runs one test and writes what it prints to LOG, closed by its exit status and the time
# that it took: nanoseconds on the clock, then what `times` says of processors. A test that is still running after
# TEST_TIMEOUT seconds is killed. LOG gets its name last: where it is missing, its test did not come to an end.
log=$1
shift
: "${TEST_TIMEOUT:=600}"
# What make tells its own children is not for a test that runs make.
unset MAKEFLAGS MFLAGS MAKELEVEL
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C
# A second of sleep before every exit is not waited for.
export TSAN_OPTIONS="atexit_sleep_ms=10 $TSAN_OPTIONS"
export LSAN_OPTIONS="suppressions=$PWD/tests/drawing.lsan print_suppressions=0 $LSAN_OPTIONS"
fixed=
# The address space of the sanitizers clashes with the full randomisation of newer kernels.
case $log in
*san/*) setarch -R true 2>/dev/null && fixed="setarch -R" ;;
esac
mkdir -p "$(dirname "$log")"
began=$(date +%s%N)
# shellcheck disable=SC2086 # words, or nothing
timeout "$TEST_TIMEOUT" $fixed "$@" >"$log.part" 2>&1 </dev/null
status=$?
ended=$(date +%s%N)
{
    echo
    echo "ran: exit $status, $((ended - began))"
    times
} >>"$log.part"
mv "$log.part" "$log"

#!/bin/sh
# count-tests.sh LOGS STATUS TEST... - says of each test what LOGS/TEST, as scripts/run-test.sh wrote it, comes to, which
# took longest, and closes on the line that counts them. STATUS is make's, that was to run them all.
#
# Units and scripts speak TAP: "ok 1 - NAME", "not ok 2 - NAME", "ok 3 # SKIP NAME". A line "skip: WHY" that
# comes before a skip is its reason. A test that ends badly, is killed after TEST_TIMEOUT seconds, prints
# fewer results than it promised ("1..N") or none at all, or did not run, counts as failed.
logs=$1 made=$2
shift 2
[ $# -gt 0 ] || { echo "no tests"; exit 1; }
printf '%s\n' "$@" | awk -v logs="$logs" -v made="$made" '
function seconds(minutes,    part) { # "1m2.50s"
    split(minutes, part, /[ms]/)
    return 60 * part[1] + part[2]
}
function count_log(file, name,    line, ok, bad, skipped, planned, why, status, text, took, cpu, f) {
    while ((getline line < file) > 0) {
        if (line ~ /^1\.\.[0-9]+$/) planned += substr(line, 4)
        if (line ~ /^(not )?ok .*# SKIP/) {
            sub(/.*# SKIP */, "", line)
            line = name "/" line (why == "" ? "" : ": " why)
            if (!times[line]++) skips[++n_skips] = line
            skipped++; why = ""
        } else if (line ~ /^ok /) ok++
        else if (line ~ /^not ok /) { bad++; text = text line "\n" }
        else if (line ~ /^skip: /) why = substr(line, 7)
        else if (line ~ /^ran: exit [0-9]+, /) {
            split(line, f, /[ ,]+/)
            status = f[3]; took = f[4] / 1e9
        } else if (status != "" && line ~ /^[0-9]+m[0-9.]+s [0-9]+m[0-9.]+s$/) {
            split(line, f, " ")
            cpu = seconds(f[1]) + seconds(f[2]) # in the end of the children, whose line is the second
        } else if (line !~ /^1\.\./ && line != "") text = text line "\n"
    }
    close(file)
    if (status == "") { bad++; text = text "not ok " name ": did not run to its end\n" }
    else if (status != 0 && bad == 0) { bad++; text = text "not ok " name ": exit status " status (status == 124 ? " (too slow)" : "") "\n" }
    else if (ok + bad + skipped < planned) { bad++; text = text "not ok " name ": " planned " tests planned, fewer run\n" }
    else if (ok + bad + skipped == 0) { bad++; text = text "not ok " name ": no test ran\n" }
    printf "%-6s %-32s %6.1f s, of processors %6.1f s: %d passed%s%s\n", bad ? "FAILED" : "ok", name, took, cpu, ok,
        bad ? ", " bad " failed" : "", skipped ? ", " skipped " skipped" : ""
    if (bad) printf "%s", text
    passed += ok; failed += bad; all_skipped += skipped; all_cpu += cpu
}
{ count_log(logs "/" $0, $0) }
END {
    if (made != 0 && failed == 0) { print "not ok: not everything could be made"; failed++ }
    for (i = 1; i <= n_skips; i++) print "skipped " skips[i] (times[skips[i]] > 1 ? ", " times[skips[i]] " times" : "")
    print passed + 0, failed + 0, all_skipped + 0 > (logs "/counts")
    printf "tests: %.0f s of processors\n", all_cpu
    printf "%d passed, %d failed%s\n", passed, failed, all_skipped ? ", " all_skipped " skipped" : ""
    exit failed > 0 || passed == 0
}'

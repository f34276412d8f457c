# Manual pages: mandoc finds nothing to warn of, and each says every option and default that the help does.
command -v mandoc >/dev/null || { echo "skip: no mandoc"; exit 77; }
commands=$(deconvviz help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
deconvviz help --man >deconvviz.1
for c in $commands; do
    deconvviz help --man "$c" >"deconvviz-$c.1"
    mandoc -Tascii "deconvviz-$c.1" | col -b | tr -s '[:space:]' ' ' >man
    deconvviz help "$c" | sed -n '/^For example:/q; s/^  \(-., \)\{0,1\} *\(--[a-z-]*\).*/\2/p' >options
    while read -r option; do
        grep -q -e "$option" man || echo "deconvviz-$c.1: no $option"
    done <options
    [ -s options ] || echo "deconvviz help $c: no options"
done
ls -- *.1
for page in *.1; do mandoc -Tlint -Wwarning "$page"; done

echo "-- a page of a command"
mandoc -Tascii deconvviz-merge.1 | col -b | expand | sed '$d'
echo "-- the program's: its commands, and what they are called"
mandoc -Tascii deconvviz.1 | col -b | expand | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p; /^ENVIRONMENT/,/^EXAMPLES/p'
for c in $commands; do
    mandoc -Tascii deconvviz.1 | col -b | grep -q "deconvviz-$c(1)" || echo "deconvviz.1: no $c"
done
deconvviz help --man nosuch || echo "exit $?"

echo "-- where make install puts them"
"$TESTDATA/../../scripts/install-manual.sh" deconvviz share
find share -type f | sort
for page in *.1; do cmp "$page" "share/man/man1/$page"; done

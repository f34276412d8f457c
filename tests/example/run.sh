#!/bin/sh
# run.sh BUILD - installs into an empty folder and compiles the example against what is there as a user would, by
# pkg-config with the shared library and with the archive, in C and, the headers alone, in C++, and runs it; its unit is
# the program's. The shared library shows what the headers declare, and nothing else.
here=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
case $build in
*san*)
    echo "skip: the example is compiled without the sanitizers that the library needs here"
    echo "ok 1 # SKIP example"
    exit 0
    ;;
esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0 failed=0
check()
{
    n=$((n + 1))
    what=$1
    shift
    if "$@" >"$dir/said" 2>&1; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        cat "$dir/said"
        failed=1
    fi
}
strict="-Wall -Wextra -Wpedantic -Wshadow -Werror"
photograph=/usr/share/backgrounds/mate/nature/LadyBird.jpg
cd "$dir" || exit 1
prefix=$dir/root/usr/local
# What is built is taken as it is: other flags than it was built with would have it built anew.
MAKEFLAGS='' make -s -C "$here" B="$build" -o "$build/deconvviz" -o "$build/libdeconvviz.a" \
    -o "$build/libdeconvviz.so.$("$build/deconvviz" --version | sed 's/.* //')" install DESTDIR="$dir/root" PREFIX=/usr/local || exit 1
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$dir/root" LD_LIBRARY_PATH="$prefix/lib"
cflags=$(pkg-config --cflags deconvviz)
shared=$(pkg-config --libs deconvviz)
static=$(pkg-config --libs --static deconvviz | sed 's/-ldeconvviz/-l:libdeconvviz.a/')

# shellcheck disable=SC2317 # called by check, as what follows
links_stand()
{
    find "$prefix/lib" -type l -printf '%f %l\n' | sort >before
    PATH=$PATH:/sbin ldconfig -n "$prefix/lib"
    find "$prefix/lib" -type l -printf '%f %l\n' | sort | diff before - && [ "$(wc -l <before)" -eq 2 ]
}
check "the links to the shared library are those that ldconfig makes" links_stand
check "the version is that of the library" test "$(pkg-config --modversion deconvviz)" = "$("$prefix/bin/deconvviz" --version | sed 's/.* //')"

# shellcheck disable=SC2317,SC2086
shows_what_is_declared()
{
    for header in "$prefix"/include/deconvviz/*.h; do cc -std=c11 $cflags -E -P "$header"; done | grep -v '^#' |
        awk -f "$here/tests/example/declared.awk" | sort -u >declared
    nm -D --defined-only "$prefix/lib/libdeconvviz.so" | awk '{ print $3 }' | sort >shown
    [ "$(wc -l <declared)" -gt 100 ] && diff declared shown
}
check "the shared library shows what the headers declare, and nothing else" shows_what_is_declared

# shellcheck disable=SC2086 # lists of words
check "the example compiles with the archive" \
    cc -std=c11 $strict $cflags "$here/tests/example/project_unit.c" $static -o with_archive
check "the program that has the archive in it projects a unit" \
    env LD_LIBRARY_PATH= ./with_archive zfnet64 "$photograph" conv5 12 archive.png
# shellcheck disable=SC2086
check "the example compiles with the shared library" \
    cc -std=c11 $strict $cflags "$here/tests/example/project_unit.c" $shared -o project_unit
check "the program that needs the shared library projects a unit" \
    ./project_unit zfnet64 "$photograph" conv5 12 unit.png
check "both draw the same" cmp unit.png archive.png
check "what it drew is a picture" test -s unit.png
./project_unit zfnet64 "$photograph" conv5 12 unit.png >value
"$prefix/bin/deconvviz" -q --size 64 --layer conv5 --channel 12 --no-png --json "$photograph" >json
# shellcheck disable=SC2317 # called by check
same_value()
{
    sed -n 's/.*"value":\([-0-9.e]*\).*/\1/p' json |
        awk -v v="$(cat value)" '{ d = $1 - v; same = v != 0 && d < 1e-4 && d > -1e-4 } END { exit !same }'
}
check "its unit has the value that the program reports" same_value
# shellcheck disable=SC2317
fails_in_one_line()
{
    ./project_unit zfnet64 nowhere.jpg conv5 12 unit.png 2>message
    [ $? -eq 1 ] && [ "$(wc -l <message)" -eq 1 ]
}
check "a failure is one line, status 1" fails_in_one_line

printf '#include <deconvviz/deconvviz.h>\nint main() { return dv_version()[0] == 0; }\n' >headers.cpp
# shellcheck disable=SC2086
check "the headers are C++ too" \
    g++ -std=c++11 $strict $cflags headers.cpp $shared -o headers
for header in "$prefix"/include/deconvviz/*.h; do
    printf '#include <deconvviz/%s>\nextern int nothing;\n' "$(basename "$header")" >header.c
    # shellcheck disable=SC2086
    check "$(basename "$header") stands by itself" cc -std=c11 $strict $cflags -fsyntax-only header.c
done
echo "1..$n"
exit $failed

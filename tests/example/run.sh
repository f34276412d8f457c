#!/bin/sh
# run.sh BUILD - installs the headers and the library into an empty folder, compiles the example against them as
# a user would, in C and, the headers alone, in C++, and runs it; its unit is the program's.
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
mkdir -p "$dir/lib"
cp "$build/libdeconvviz.a" "$dir/lib"
cp -R "$here/include" "$dir"
libs=$(sed -n 's/^LIBS *:= *//p' "$here/Makefile")
cd "$dir" || exit 1

# shellcheck disable=SC2086 # lists of words
check "the example compiles with the public headers alone" \
    cc -std=c11 $strict -Iinclude "$here/tests/example/project_unit.c" -Llib -ldeconvviz $libs -o project_unit
check "the example projects a unit of a photograph" \
    ./project_unit zfnet64 "$photograph" conv5 12 unit.png
check "what it drew is a picture" test -s unit.png
./project_unit zfnet64 "$photograph" conv5 12 unit.png >value
"$build/deconvviz" -q --size 64 --layer conv5 --channel 12 --no-png --json "$photograph" >json
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
    g++ -std=c++11 $strict -Iinclude headers.cpp -Llib -ldeconvviz $libs -o headers
for header in include/deconvviz/*.h; do
    printf '#include <deconvviz/%s>\nextern int nothing;\n' "$(basename "$header")" >header.c
    # shellcheck disable=SC2086
    check "$(basename "$header") stands by itself" cc -std=c11 $strict -Iinclude -fsyntax-only header.c
done
echo "1..$n"
exit $failed

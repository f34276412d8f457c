# Completions: the shells accept them, and bash's and fish's complete.
for shell in bash zsh fish; do
    command -v $shell >/dev/null || { echo "skip: no $shell"; exit 77; }
done
export HOME="$PWD/home" XDG_CONFIG_HOME="$PWD/home" XDG_DATA_HOME="$PWD/home"
mkdir home
for shell in bash zsh fish; do
    deconvviz help --completion $shell >complete.$shell
    $shell -n complete.$shell && echo "$shell takes it"
done
commands=$(deconvviz help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
for c in $commands; do
    deconvviz help "$c" | sed -n '/^For example:/q; s/^  \(-., \)\{0,1\} *--\([a-z-]*\).*/\2/p' >options
    while read -r option; do
        grep -q -e "^    $c) .*--$option " complete.bash || echo "bash: no $c --$option"
        sed -n "/^    $c)/,/;;/p" complete.zsh | grep -q -e "--$option[]=,}[]" || echo "zsh: no $c --$option"
        grep -q -e "_in $c'.* -l $option " complete.fish || echo "fish: no $c --$option"
    done <options
done

mkdir "a folder" pictures
touch index.json "img one.jpg" model.onnx notes.txt
cat >ask.bash <<'END'
. ./complete.bash
# The words of the command line, the last of them to be completed.
ask()
{
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _deconvviz
    printf '%s:' "$*"
    printf ' [%s]\n' "${COMPREPLY[@]}" | sort | tr -d '\n'
    echo
}
ask deconvviz v
ask deconvviz help re
ask deconvviz --s
ask deconvviz sheets --s
ask deconvviz project --rule ''
ask deconvviz --rule = g
ask deconvviz --rule =
ask deconvviz classify --labels-from na
ask deconvviz record -p ''
ask deconvviz --preprocess ''
ask deconvviz layers -m ''
ask deconvviz verify ''
ask deconvviz record -o ''
ask deconvviz merge ''
ask deconvviz classify i
ask deconvviz layers ''
ask deconvviz --zoom ''
ask deconvviz -l ''
ask deconvviz forward -m nosuch.onnx -l ''
ask deconvviz mine -m ./n.json -l ''
END
sed 's/"weights": "zfnet64.safetensors",//; s/"labels".*//; s/"conv2"/"convolution2"/; s/"conv3"/"$(touch obeyed)"/' \
    "$TESTDATA/../../models/zfnet64.json" >n.json
cp "$TESTDATA/../../models/zfnet64.safetensors" n.safetensors
rm -r home
bash --norc --noprofile ask.bash
mkdir home
for line in 'v' '--rule ' 'sheets --s' 'record -o ' 'forward -l conv' 'classify --labels-from na'; do
    echo "fish: $line"
    fish --no-config -c "source complete.fish; complete -C 'deconvviz $line'"
done
ls
deconvviz help --completion csh || echo "exit $?"
deconvviz help --completion bash project || echo "exit $?"
deconvviz help --completion bash --man || echo "exit $?"

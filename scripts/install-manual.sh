#!/bin/sh
# install-manual.sh PROGRAM SHARE - puts manual pages and shell completions into SHARE, as PROGRAM prints them.
set -eu
program=$1 share=$2
man=$share/man/man1
mkdir -p "$man" "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
put()
{
    file=$1
    shift
    "$program" help "$@" >"$file"
    chmod 644 "$file"
}
put "$man/deconvviz.1" --man
for command in $("$program" help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    put "$man/deconvviz-$command.1" --man "$command"
done
put "$share/bash-completion/completions/deconvviz" --completion bash
put "$share/zsh/site-functions/_deconvviz" --completion zsh
put "$share/fish/vendor_completions.d/deconvviz.fish" --completion fish

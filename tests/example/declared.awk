# Functions and data that preprocessed C declares at file scope, a name a line: what is left of statements without
# bodies, types and parameters.
{ text = text " " $0 }
END {
    while (sub(/\{[^{}]*\}/, ";", text)) { }
    n = split(text, statement, ";")
    for (i = 1; i <= n; i++) {
        s = statement[i]
        if (s ~ /^ *(typedef|static)/ || (s !~ /\(/ && s !~ /^ *extern/)) continue
        sub(/__attribute__.*/, "", s)
        gsub(/\[[^]]*\]/, "", s)
        sub(/\(.*/, "", s)
        names = split(s, name, ",")
        for (k = 1; k <= names; k++) {
            words = split(name[k], word, /[^A-Za-z0-9_]+/)
            if (word[words] == "") words--
            if (word[words] ~ /^dv_/) print word[words]
        }
    }
}

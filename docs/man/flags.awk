# SPDX-License-Identifier: GPL-2.0-or-later
# From `ndtrace --help`, the general flags as the man page lists them.
/^General flags:/ { flags = 1; next }
!flags { next }
substr($0, 1, 33) !~ /[^ ]/ { # a format, after the flag that takes it
    name = $1
    sub(/^ *[^ ]+ +/, "")
    printf ".br\n.B %s\n: %s\n", name, $0
    next
}
{
    n = split(substr($0, 1, 31), word, " ")
    text = substr($0, 32)
    text = toupper(substr(text, 1, 1)) substr(text, 2) (text ~ /:$/ ? "" : ".")
    at = word[1] ~ /,$/ ? 2 : 1
    arg = n > at ? " \" \\fI" word[n] "\\fR\"" : ""
    head = at == 2 ? substr(word[1], 1, 2) " \", \" " word[2] : word[1]
    gsub(/-/, "\\-", head)
    gsub(/-/, "\\-", text)
    printf ".TP\n.BR %s%s\n%s\n", head, arg, text
}

# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for bash: commands, general flags, tools, and the options of the tool or script, which
# --help prints without root. Installed as /usr/share/bash-completion/completions/ndtrace or sourced.
# shellcheck shell=bash

# SCRIPT: its options, one on each line.
_ndtrace_options() {
    "${COMP_WORDS[0]}" ${1:+"$1"} --help 2>/dev/null | sed -nE 's/^ +(-., )?(--[a-z0-9_-]+).*/\2/p' | tr _ -
}

_ndtrace_formats() {
    "${COMP_WORDS[0]}" --help 2>/dev/null | sed -nE 's/^ {33}([a-z]+) .*/\1/p'
}

# The general flags that take a value: "--output FILE", "-o FILE".
_ndtrace_values() {
    "${COMP_WORDS[0]}" --help 2>/dev/null |
        sed -nE 's/^ +(--[a-z-]+ [A-Z]+) .*/\1/p; s/^ +(-.), (--[a-z-]+) ([A-Z]+) .*/\1 \3\n\2 \3/p'
}

_ndtrace() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i word script=''
    local -A values=()
    local commands='check explain compile list fmt'
    COMPREPLY=()

    while read -r word i; do values[$word]=$i; done < <(_ndtrace_values)
    case ${values[$prev]:-} in
        NAME) mapfile -t COMPREPLY < <(compgen -W "$(_ndtrace_formats)" -- "$cur"); return ;;
        FILE) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        PID) mapfile -t COMPREPLY < <(cd /proc && compgen -d -X '![0-9]*' -- "$cur"); return ;;
        CMD) mapfile -t COMPREPLY < <(compgen -c -- "$cur"); return ;;
        ?*) return ;;
    esac
    [ "$prev" != list ] || { mapfile -t COMPREPLY < <(compgen -W 'tools stages probes' -- "$cur"); return; }
    # The script is the first word that is neither a flag, nor its value, nor a command.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            -*) [ -z "${values[$word]:-}" ] || ((i++)) ;;
            list) [ $i != 1 ] || return ;;
            *)
                [ $i != 1 ] || [[ " $commands " != *" $word "* ]] || continue
                script=$word
                break
                ;;
        esac
    done
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_ndtrace_options "$script")" -- "$cur")
    elif [ -z "$script" ]; then
        [ "$COMP_CWORD" = 1 ] || commands=
        mapfile -t COMPREPLY < <(
            compgen -W "$commands $("${COMP_WORDS[0]}" list tools 2>/dev/null |
                sed -nE 's/^([^ ]+) .*/\1/; s|^[^ ]*/([^ /]+)$|& \1|; p')" -- "$cur"
            compgen -o plusdirs -f -X '!*.nd*' -- "$cur"
        )
    elif [[ $prev == --* ]]; then # the value of an option of the script
        mapfile -t COMPREPLY < <(
            compgen -W "$("${COMP_WORDS[0]}" "$script" --help 2>/dev/null |
                sed -nE "s/^ +${prev} .*\\{(.*)\\}.*/\\1/p" | tr -d ,)" -- "$cur"
            case $prev in
                *interface | *device | *dev) (cd /sys/class/net && compgen -d -- "$cur") ;;
            esac
        )
    fi
}
complete -F _ndtrace ndtrace

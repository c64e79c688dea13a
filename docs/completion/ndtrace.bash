# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for bash: commands, general flags, tools, and the options of the tool or script, which
# --help prints without root. Installed as /usr/share/bash-completion/completions/ndtrace or sourced.
# shellcheck shell=bash

# SCRIPT: its options, one on each line.
_ndtrace_options() {
    "${COMP_WORDS[0]}" ${1:+"$1"} --help 2>/dev/null | sed -nE 's/^ +(-., )?(--[a-z0-9_-]+).*/\2/p' | tr _ -
}

_ndtrace_formats() {
    "${COMP_WORDS[0]}" --help 2>/dev/null | sed -nE 's/^ +-f, --format ([a-z|]+) .*/\1/p' | tr '|' ' '
}

_ndtrace() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i word script=''
    local commands='check explain compile list fmt'
    COMPREPLY=()

    case $prev in
        -f | --format) mapfile -t COMPREPLY < <(compgen -W "$(_ndtrace_formats)" -- "$cur"); return ;;
        -o | --output | --log-file | --btf) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        -p | --pid) mapfile -t COMPREPLY < <(cd /proc && compgen -d -X '![0-9]*' -- "$cur"); return ;;
        -c | --command) mapfile -t COMPREPLY < <(compgen -c -- "$cur"); return ;;
        -e | --execute | --duration | --buffer) return ;;
        list) mapfile -t COMPREPLY < <(compgen -W 'tools stages probes' -- "$cur"); return ;;
    esac
    # The script is the first word that is neither a flag, nor its value, nor a command.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            -f | --format | -o | --output | --log-file | --btf | -p | --pid | -c | --command | -e | --execute | --duration | --buffer) ((i++)) ;;
            -*) ;;
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

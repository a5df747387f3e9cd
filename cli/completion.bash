# What bash evaluates, and zsh by its bashcompinit. `polder completion` prints $_polder_places before it, a line each:
#   PATH:WORDS         what may stand after a command, such as "keys rotate"; @instance where an instance is asked for
#   PATH=OPTION:WORDS  the values of an option
# shellcheck shell=bash disable=SC2154

# The words of a line, by what stands before its colon; nothing when there is no such line.
_polder_words() {
  local rest="${_polder_places#*$'\n'"$1:"}"
  if [ "$rest" != "$_polder_places" ]; then printf '%s' "${rest%%$'\n'*}"; fi
}

_polder() {
  local path="" words="" next i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="${path:+$path }${COMP_WORDS[i]}"
    if [ -n "$(_polder_words "$next")" ]; then path="$next"; fi
  done
  words="$(_polder_words "$path=${COMP_WORDS[COMP_CWORD - 1]}")"
  if [ -z "$words" ]; then words="$(_polder_words "$path")"; fi
  case "$words" in
  @instance*)
    words="${words#@instance}"
    for i in instances/*/instance.yaml; do
      if [ -e "$i" ]; then i="${i%/instance.yaml}" && words="$words ${i#instances/}"; fi
    done
    ;;
  esac
  # Words hold no blanks, and zsh has no mapfile.
  # shellcheck disable=SC2207
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o bashdefault -o default -F _polder polder

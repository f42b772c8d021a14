# bash completion of occtl; written by bin/dev/completion.mjs.
_occtl_candidates() {
  case "$*" in
    '') printf '%s\n' disconnect terminate unban reload show top stop ;;
    'disconnect') printf '%s\n' user id ;;
    'disconnect id') occtl -n show users 2>/dev/null | awk 'NR > 1 { print $1 }' ;;
    'disconnect user') occtl -n show users 2>/dev/null | awk 'NR > 1 && $2 != "(none)" { print $2 }' ;;
    'show') printf '%s\n' status users ip iroutes sessions session user id events ;;
    'show id') occtl -n show users 2>/dev/null | awk 'NR > 1 { print $1 }' ;;
    'show ip') printf '%s\n' bans ban ;;
    'show ip ban') printf '%s\n' points ;;
    'show session') occtl -n show sessions valid 2>/dev/null | awk 'NR > 1 { print $1 }' ;;
    'show sessions') printf '%s\n' all valid ;;
    'show user') occtl -n show users 2>/dev/null | awk 'NR > 1 && $2 != "(none)" { print $2 }' ;;
    'stop') printf '%s\n' now ;;
    'terminate') printf '%s\n' user id session ;;
    'terminate id') occtl -n show users 2>/dev/null | awk 'NR > 1 { print $1 }' ;;
    'terminate session') occtl -n show sessions valid 2>/dev/null | awk 'NR > 1 { print $1 }' ;;
    'terminate user') occtl -n show users 2>/dev/null | awk 'NR > 1 && $2 != "(none)" { print $2 }' ;;
    'unban') printf '%s\n' ip ;;
    'unban ip') occtl -n show ip ban points 2>/dev/null | awk 'NR > 1 { print $1 }' ;;
    *) ;;
  esac
}
_occtl() {
  local current=${COMP_WORDS[COMP_CWORD]} word words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word == -* ]] || words+=("$word"); done
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '--debug --follow --help --json --no-pager --once --since --socket-file --sort --version --watch' -- "$current")
  else
    COMPREPLY=()
    while IFS= read -r word; do
      [[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
    done < <(_occtl_candidates "${words[@]}")
  fi
}
complete -o default -F _occtl occtl

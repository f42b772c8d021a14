# bash completion of ocpasswd; written by bin/dev/completion.mjs.
_ocpasswd_candidates() {
  case "$*" in
    *) ;;
  esac
}
_ocpasswd() {
  local current=${COMP_WORDS[COMP_CWORD]} word words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word == -* ]] || words+=("$word"); done
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '--delete --groupname --hash --help --json --list --lock --otp --otp-digits --otp-issuer --otp-step --otp-type --passwd --stdin --unlock --version' -- "$current")
  else
    COMPREPLY=()
    while IFS= read -r word; do
      [[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
    done < <(_ocpasswd_candidates "${words[@]}")
  fi
}
complete -o default -F _ocpasswd ocpasswd

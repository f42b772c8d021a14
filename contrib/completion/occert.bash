# bash completion of occert; written by bin/dev/completion.mjs.
_occert_candidates() {
  case "$*" in
    '') printf '%s\n' ca check client crl csr list p12 profile renew revoke server show ;;
    *) ;;
  esac
}
_occert() {
  local current=${COMP_WORDS[COMP_CWORD]} word words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word == -* ]] || words+=("$word"); done
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '--ca-password-file --cn --days --dir --email --encrypt-key --expiring --force --form --generate-password --group --help --install --json --keep-key --key-type --kind --no-ca --number --org --out --p12 --password-file --path-len --profile --quiet --reason --reload --revoke-old --revoked --server --template --version --within' -- "$current")
  else
    COMPREPLY=()
    while IFS= read -r word; do
      [[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
    done < <(_occert_candidates "${words[@]}")
  fi
}
complete -o default -F _occert occert

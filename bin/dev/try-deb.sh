#!/bin/sh
# try-deb.sh PACKAGE [ROOT]: installs the Debian package in a fresh Debian 12, follows README.md from "occert ca" on to the
# letter, connects with openconnect, and removes the package again. Needs root and mmdebstrap; without ROOT (a folder with
# Debian and openconnect, openssl, iproute2, iputils-ping in it, which is left as it was but for /etc/ocserv) it makes one. Two minutes.
set -e
package=$(readlink -f -- "$1")
readme=$(readlink -f -- "$(dirname -- "$0")/../../README.md")
root=$2
if [ -z "$root" ]; then
  root=$(mktemp -d)/debian
  trap 'rm -rf --one-file-system "${root%/debian}"' EXIT
  mmdebstrap --quiet --variant=minbase --include=openconnect,iproute2,iputils-ping,openssl bookworm "$root"
fi

# The lines of the path, with the password piped in and names that this machine has.
awk '/^occert ca /, /^```$/ { if ($0 !~ /^```/) print }' "$readme" |
  sed -e 's/ *#.*//' -e "s/^ocpasswd /echo secret | ocpasswd /" >"$root/tmp/path"
grep -q '^occert server vpn.example.com' "$root/tmp/path" || { echo "README.md has no such path any more" >&2; exit 1; }
cp "$package" "$root/tmp/ocserv-node.deb"
cat >"$root/tmp/try" <<'END'
set -e
dpkg -i /tmp/ocserv-node.deb
ip link set lo up
while read -r line; do
  echo "+ $line"
  sh -c "$line" </dev/null
  case $line in "ocserv -p"*) sleep 4 ;; esac
done </tmp/path
cat >/tmp/script <<'SCRIPT'
#!/bin/sh
[ "$reason" != connect ] || { ip addr add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"; ip link set "$TUNDEV" up; : >/tmp/connected; }
SCRIPT
chmod +x /tmp/script
echo secret | openconnect --user alice --passwd-on-stdin --cafile /etc/ocserv/pki/ca/ca.pem --background \
  --resolve vpn.example.com:127.0.0.1 --interface tun9 --script /tmp/script --pid-file /tmp/client.pid https://vpn.example.com
for i in 1 2 3 4 5 6 7 8 9 10; do [ -e /tmp/connected ] && break; sleep 1; done
[ -e /tmp/connected ]
occtl show users | tee /tmp/users
grep -q alice /tmp/users
of() { for process in /proc/[0-9]*; do ! grep -qa "^$1" "$process/cmdline" 2>/dev/null || echo "$process"; done; }
for worker in $(of ocserv-worker); do
  [ "$(awk '/^Uid:/ { print $2 }' "$worker/status")" = "$(id -u ocserv)" ]
done
[ -n "$(of ocserv-worker)" ]
kill "$(cat /tmp/client.pid)"
sleep 1
dpkg -r ocserv-node
sleep 2
[ ! -e /usr/lib/ocserv-node ] && [ ! -e /usr/sbin/ocserv ] && [ ! -e /lib/systemd/system/ocserv.service ]
[ -e /etc/ocserv/ocserv.conf ] && [ -e /etc/ocserv/pki/ca/ca-key.pem ] && [ -e /etc/ocserv/ocpasswd ]
[ -z "$(of ocserv-main)" ]
echo "installed, connected, removed"
END
export root
unshare --mount --net --pid --fork --propagation private sh -c '
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/run"
  exec env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" sh /tmp/try'

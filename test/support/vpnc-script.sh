#!/bin/sh
# What openconnect runs in the tests instead of the distribution's script: sets up the tunnel device alone, never
# touches name resolution, and keeps the variables of each call in $VPN_RECORD, followed by the reason of the call when
# its work is done.
case $reason in
connect)
  ip link set dev "$TUNDEV" up mtu "${INTERNAL_IP4_MTU:-1400}"
  [ -n "$INTERNAL_IP4_ADDRESS" ] && ip addr replace "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
  [ -n "$INTERNAL_IP6_NETMASK" ] && ip -6 addr replace "$INTERNAL_IP6_NETMASK" dev "$TUNDEV" nodad
  if [ -n "$CISCO_SPLIT_INC" ]; then
    i=0
    while [ "$i" -lt "$CISCO_SPLIT_INC" ]; do
      eval "ip route replace \"\${CISCO_SPLIT_INC_${i}_ADDR}/\${CISCO_SPLIT_INC_${i}_MASKLEN}\" dev \"$TUNDEV\""
      i=$((i + 1))
    done
  fi
  [ -n "$INTERNAL_IP4_NETADDR" ] && ip route replace "$INTERNAL_IP4_NETADDR/$INTERNAL_IP4_NETMASKLEN" dev "$TUNDEV"
  [ -n "$INTERNAL_IP6_NETMASK" ] && ip -6 route replace "${VPN_NETWORK6:-fda9:77::/48}" dev "$TUNDEV"
  ;;
disconnect)
  ip addr flush dev "$TUNDEV"
  ;;
esac
[ -n "$VPN_RECORD" ] && { env | sort; echo "== $reason"; } >>"$VPN_RECORD"
exit 0

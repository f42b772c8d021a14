# Datagrams below the sockets of a namespace, for the tests of hostile datagrams; needs root.
#   capture PORT              prints "SOURCE-PORT HEX" for every datagram that leaves this namespace for PORT
#   send SOURCE SPORT TO PORT reads lines of hex and sends each as if it came from SOURCE:SPORT
import socket
import struct
import sys
import time


def capture(port):
    # ETH_P_ALL: only then what leaves is seen too
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    sock.bind(("eth0", 3))
    print("ready", flush=True)
    while True:
        packet, (_, protocol, kind, *_) = sock.recvfrom(65536)
        if protocol != 0x0800 or kind != socket.PACKET_OUTGOING or packet[9] != 17:
            continue
        datagram = packet[(packet[0] & 15) * 4 :]
        source, target = struct.unpack("!HH", datagram[:4])
        if target == port:
            print(source, datagram[8:].hex(), flush=True)


def send(source, source_port, target, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    sock.bind((source, 0))
    for line in sys.stdin:
        payload = bytes.fromhex(line.strip())
        # A checksum of zero says that there is none (RFC 768).
        sock.sendto(struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload, (target, 0))
        time.sleep(0.01)


if sys.argv[1] == "capture":
    capture(int(sys.argv[2]))
else:
    send(sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))

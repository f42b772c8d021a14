# Starts a server as systemd does with a socket unit (sd_listen_fds(3)) and service of type notify: argv is a list of
# kind:family:address:port, "--", and the command. Says on stderr what the server notifies.
import os
import socket
import sys
import threading

split = sys.argv.index('--')
sockets = []
for spec in sys.argv[1:split]:
    kind, family, rest = spec.split(',', 2)
    if family == 'unix':
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.bind(rest)
        made.listen()
    else:
        address, port = rest.rsplit(',', 1)
        made = socket.socket(
            socket.AF_INET6 if family == '6' else socket.AF_INET,
            socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM,
        )
        if family == '6':
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((address, int(port)))
        if kind == 'tcp':
            made.listen()
    sockets.append(made)

notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind('\0ocserv-test-%d' % os.getpid())


def listen():
    while True:
        sys.stderr.write('notified: %r\n' % notify.recv(4096).decode())
        sys.stderr.flush()


child = os.fork()
if child == 0:
    # Far up first, so that no socket is overwritten on the way to its place.
    high = [os.dup2(made.fileno(), 100 + index) for index, made in enumerate(sockets)]
    for index, descriptor in enumerate(high):
        os.dup2(descriptor, 3 + index, inheritable=True)
        os.close(descriptor)
    os.environ['LISTEN_FDS'] = str(len(sockets))
    os.environ['LISTEN_PID'] = str(os.getpid())
    os.environ['NOTIFY_SOCKET'] = '@ocserv-test-%d' % os.getppid()
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])
threading.Thread(target=listen, daemon=True).start()
import signal

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda number, _: os.kill(child, number))
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))

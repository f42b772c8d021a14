// Where the server listens. Rows of the option table.
import { option } from '../option.ts';
import { isNamespaceName } from '../network-namespace.ts';
import { checkedText, count, flag, listenHost, network, texts } from '../values.ts';

export const listeningOptions = {
  'listen-host': option(listenHost, {
    scope: ['global'],
    reload: false,
    shownDefault: 'all IPv4 and IPv6 addresses',
    summary: 'Address or name to bind the TCP listener to.',
  }),
  'udp-listen-host': option(listenHost, {
    scope: ['global'],
    reload: false,
    shownDefault: 'value of listen-host',
    summary: 'Address or name to bind the UDP listener to.',
    note: 'Without it, listen-host is taken.',
  }),
  'listen-netns': option(checkedText('name', 'the name of a network namespace', isNamespaceName), {
    scope: ['global', 'vhost'],
    reload: false,
    wholeServer: true,
    summary: 'Network namespace in which the listening sockets are opened.',
    note: 'A name of ip-netns(8). Tunnel devices, leases and scripts stay in the namespace of the server.',
  }),
  'listen-host-is-dyndns': option(flag(false), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Tells clients (X-CSTP-DynDNS: true) to resolve the server name again on reconnect.',
  }),
  'listen-proxy-proto': option(flag(false), {
    scope: ['global'],
    reload: true,
    summary: 'Expect a PROXY header, version 1 or 2, on every TCP connection.',
    note: 'For front ends such as haproxy; bans, logs, scripts and occtl then go by the address that the header names. A connection without it is closed. Datagrams come without, from the clients themselves. Set proxy-proto-trusted unless nobody but the front ends can reach tcp-port.',
  }),
  'proxy-proto-trusted': option(texts('network', network), {
    scope: ['global'],
    reload: true,
    shownDefault: 'everybody',
    summary: 'Network of the front ends whose PROXY headers are believed.',
    note: 'address/prefix or an address. Others are turned away. Whoever is believed can name any address as his own.',
    example: '10.0.0.5',
  }),
  'tcp-port': option(count(0, { word: 'port', max: 65_535, strict: true }), {
    scope: ['global'],
    reload: false,
    required: true,
    summary: 'TCP port of the TLS listener.',
    note: 'Mandatory, also with sockets from systemd.',
    example: '443',
  }),
  'udp-port': option(count(0, { word: 'port', max: 65_535, strict: true }), {
    scope: ['global'],
    reload: false,
    summary: 'UDP port of the DTLS listener and value advertised in X-DTLS-Port.',
    note: '0 turns DTLS off.',
    example: '443',
  }),
} as const;

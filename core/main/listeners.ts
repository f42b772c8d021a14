// Opens the sockets clients come to: those of the configuration, or those systemd hands over (sd_listen_fds(3)).
// A name stands for all its addresses; an address that cannot be bound is reported and skipped, none at all is fatal.
import { lookup } from 'node:dns/promises';
import { openSync } from 'node:fs';
import { namespaceFile, type Settings } from '../config/index.ts';
import {
  inNamespace,
  listenTcp,
  listenUdp,
  socketKind,
  type Descriptor,
  type Endpoint,
  type TcpListener,
  type UdpListener,
} from '../native/index.ts';

export interface ListenerEvents {
  onConnection(descriptor: number, remote: Endpoint, local: Endpoint): void;
  onDatagram(datagram: Buffer, remote: Endpoint, local: Endpoint): void;
}

export interface Listeners {
  readonly tcp: readonly TcpListener[];
  readonly udp: readonly UdpListener[];
  /** Port announced for datagrams; 0 = no DTLS. */
  readonly udpPort: number;
  pause(): void;
  resume(): void;
  close(): void;
}

const firstActivatedDescriptor = 3;
const backlog = 1024;

/** The namespace of listen-netns, opened; throws when there is none of that name. */
export function openListenNamespace(settings: Settings): Descriptor | undefined {
  const name = settings['listen-netns'];
  if (name === undefined || name === '') return undefined;
  const file = namespaceFile(name);
  try {
    return openSync(file, 'r');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Error(`could not open listen namespace ${file}: ${reason}`, { cause: error });
  }
}

/** `say` gets the lines for standard error. Throws with the last reason when no TCP socket could be opened. */
export async function openListeners(
  settings: Settings,
  events: ListenerEvents,
  say: (line: string) => void,
  namespace?: Descriptor,
): Promise<Listeners> {
  const tcp: TcpListener[] = [];
  const udp: UdpListener[] = [];
  const activated = activatedDescriptors();
  let lastError = '';
  const attempt = (open: () => void, place?: Endpoint): void => {
    try {
      inNamespace(namespace, open);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      lastError = place === undefined ? reason : `${shown(place)}: ${reason}`;
      say(lastError);
    }
  };
  for (const descriptor of activated) {
    attempt(() => {
      const kind = socketKind(descriptor);
      if (kind === 'tcp') tcp.push(listenTcp({ descriptor, ...events }));
      else if (kind === 'udp') udp.push(listenUdp({ descriptor, ...events }));
      else if (kind === 'other') say('Non-TCP or UDP socket fd received!');
      else say('Non-internet socket fd received!');
    });
  }
  if (activated.length > 0) {
    if (tcp.length + udp.length === 0) throw new Error('no useful sockets were provided by systemd');
    say(`listening on ${String(tcp.length + udp.length)} systemd sockets...`);
  } else {
    for (const address of await addressesOf(settings['listen-host'])) {
      attempt(
        () => {
          const listener = listenTcp({ address, port: settings['tcp-port'], backlog, ...events });
          tcp.push(listener);
          say(`listening (TCP) on ${shown(listener.local)}...`);
        },
        { address, port: settings['tcp-port'] },
      );
    }
    const port = settings['udp-port'];
    const udpHost = settings['udp-listen-host'] ?? settings['listen-host'];
    // Without TCP nothing works, and a UDP socket opened beside a running server would take datagrams from it.
    for (const address of port === 0 || tcp.length === 0 ? [] : await addressesOf(udpHost)) {
      attempt(
        () => {
          const listener = listenUdp({ address, port, ...events });
          udp.push(listener);
          say(`listening (UDP) on ${shown(listener.local)}...`);
        },
        { address, port },
      );
    }
  }
  if (tcp.length === 0) {
    for (const listener of udp) listener.close();
    throw new Error(`could not listen to any TCP port${lastError === '' ? '' : `: ${lastError}`}`);
  }
  return {
    tcp,
    udp,
    udpPort: udp[0]?.local.port ?? 0,
    pause: () => {
      for (const listener of tcp) listener.pause();
    },
    resume: () => {
      for (const listener of tcp) listener.resume();
    },
    close: () => {
      for (const listener of [...tcp, ...udp]) listener.close();
    },
  };
}

async function addressesOf(host: string | undefined): Promise<string[]> {
  if (host === undefined || host === '' || host === '*') return ['0.0.0.0', '::'];
  const found = await lookup(host, { all: true, hints: 0 });
  return found.map(({ address }) => address);
}

function activatedDescriptors(): number[] {
  const count = Number(process.env['LISTEN_FDS'] ?? '0');
  if (process.env['LISTEN_PID'] !== String(process.pid) || !Number.isInteger(count) || count <= 0) return [];
  delete process.env['LISTEN_FDS'];
  delete process.env['LISTEN_PID'];
  return Array.from({ length: count }, (_, index) => firstActivatedDescriptor + index);
}

function shown({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

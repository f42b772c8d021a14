// Opens the sockets clients come to: those of the configuration, or those systemd hands over (sd_listen_fds(3)).
// A name stands for all its addresses; an address that cannot be bound is reported and skipped, none at all is fatal.
import { lookup } from 'node:dns/promises';
import { fstatSync } from 'node:fs';
import type { Settings } from '../config/index.ts';
import { listenTcp, listenUdp, type Endpoint, type TcpListener, type UdpListener } from '../native/index.ts';

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

/** `say` gets the lines for standard error. Throws with the last reason when no TCP socket could be opened. */
export async function openListeners(
  settings: Settings,
  events: ListenerEvents,
  say: (line: string) => void,
): Promise<Listeners> {
  const tcp: TcpListener[] = [];
  const udp: UdpListener[] = [];
  const activated = activatedDescriptors();
  let lastError = '';
  const attempt = (open: () => void): void => {
    try {
      open();
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error);
      say(lastError);
    }
  };
  for (const descriptor of activated) {
    attempt(() => {
      try {
        tcp.push(listenTcp({ descriptor, ...events }));
      } catch {
        udp.push(listenUdp({ descriptor, ...events }));
      }
    });
  }
  if (activated.length > 0) say(`listening on ${String(tcp.length + udp.length)} systemd sockets...`);
  else {
    for (const address of await addressesOf(settings['listen-host'])) {
      attempt(() => {
        const listener = listenTcp({ address, port: settings['tcp-port'], backlog, ...events });
        tcp.push(listener);
        say(`listening (TCP) on ${shown(listener.local)}...`);
      });
    }
    const port = settings['udp-port'];
    const udpHost = settings['udp-listen-host'] ?? settings['listen-host'];
    // Without TCP nothing works, and a UDP socket opened beside a running server would take datagrams from it.
    for (const address of port === 0 || tcp.length === 0 ? [] : await addressesOf(udpHost)) {
      attempt(() => {
        const listener = listenUdp({ address, port, ...events });
        udp.push(listener);
        say(`listening (UDP) on ${shown(listener.local)}...`);
      });
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
  return Array.from({ length: count }, (_, index) => firstActivatedDescriptor + index).filter(
    (descriptor) => {
      try {
        return fstatSync(descriptor).isSocket();
      } catch {
        return false;
      }
    },
  );
}

function shown({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

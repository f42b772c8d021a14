// One client and one server with a router between them, for what happens on the way: narrow links, loss, a relay.
//
//   client 10.81.0.2 --- 10.81.0.1 router 10.81.1.1 --- 10.81.1.2 server
import { randomBytes } from 'node:crypto';
import { mustRun } from './command.ts';
import { createNamespace, removeNamespace, type Namespace } from './namespace.ts';

export interface RoutedPath extends AsyncDisposable {
  readonly client: Namespace;
  readonly router: Namespace;
  readonly server: Namespace;
  readonly serverAddress: string;
}

export interface RoutedPathOptions {
  /** MTU of the link between client and router. */
  readonly clientLinkMtuBytes?: number;
  /** MTU of the link between router and server. */
  readonly serverLinkMtuBytes?: number;
  /** The router forwards no larger packets either way, though its links would carry them. */
  readonly forwardMtuBytes?: number;
}

export async function createRoutedPath(options: RoutedPathOptions = {}): Promise<RoutedPath> {
  const tag = randomBytes(3).toString('hex');
  const names = ['c', 'r', 's'].map((part) => `oc-${tag}-${part}`);
  const dispose = async (): Promise<void> => {
    for (const name of names) await removeNamespace(name);
  };
  try {
    const [clientName = '', routerName = '', serverName = ''] = names;
    const client = await createNamespace(clientName);
    const router = await createNamespace(routerName);
    const server = await createNamespace(serverName);
    for (const namespace of [router, server]) {
      await namespace.mustRun(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
    }
    for (const [side, near, net, host, mtu] of [
      [client, 'c0', '0', '2', options.clientLinkMtuBytes],
      [server, 's0', '1', '2', options.serverLinkMtuBytes],
    ] as const) {
      await mustRun([
        ...['ip', 'link', 'add', near, 'netns', router.name, 'type', 'veth'],
        ...['peer', 'name', 'eth0', 'netns', side.name],
      ]);
      const size = String(mtu ?? 1500);
      await router.mustRun(['ip', 'addr', 'add', `10.81.${net}.1/24`, 'dev', near]);
      await side.mustRun(['ip', 'addr', 'add', `10.81.${net}.${host}/24`, 'dev', 'eth0']);
      await router.mustRun(['ip', 'link', 'set', near, 'up', 'mtu', size]);
      await side.mustRun(['ip', 'link', 'set', 'eth0', 'up', 'mtu', size]);
      await side.mustRun(['ip', 'route', 'add', 'default', 'via', `10.81.${net}.1`]);
      if (options.forwardMtuBytes !== undefined) {
        const lock = String(options.forwardMtuBytes);
        await router.mustRun([
          'ip',
          'route',
          'replace',
          `10.81.${net}.0/24`,
          'dev',
          near,
          'mtu',
          'lock',
          lock,
        ]);
      }
    }
    return { client, router, server, serverAddress: '10.81.1.2', [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

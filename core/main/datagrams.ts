// UDP flows that have no connected socket yet. A ClientHello names its tunnel; another record may belong to a tunnel
// whose address changed (NAT), found by authenticating it. The worker gets a connected socket with the first
// datagram; what follows from that peer goes there by itself.
import { closeDescriptor, connectUdp, inNamespace, type Endpoint } from '../native/index.ts';
import { globalSettings, type Main, type Session } from './context.ts';
import { readFirstDatagram } from './first-datagram.ts';

/** A session's datagrams are passed on at most this often. */
const passSeconds = 3;
/** Sessions of one address that a record is tried on. */
const maxCandidates = 32;

export function receiveDatagram(main: Main, datagram: Buffer, remote: Endpoint, local: Endpoint): void {
  const allowBroken = process.env['OCSERV_ALLOW_BROKEN_CLIENTS'] === '1';
  const first = readFirstDatagram(datagram, globalSettings(main)['dtls-psk'], allowBroken);
  if (first.kind === 'noise') {
    main.datagramMistakes.tell(remote, first.mistake);
    return;
  }
  if (first.kind === 'hello') {
    const session = main.sessionsByDtlsId.get(first.id);
    if (session === undefined) {
      main.datagramMistakes.tell(remote, 'a ClientHello for a session that does not exist');
      return;
    }
    if (!mayPass(session)) {
      main.datagramMistakes.tell(
        remote,
        'a ClientHello too soon after another one, or for a session without DTLS',
      );
      return;
    }
    session.lastDatagramAt = Date.now();
    session.lastDatagramAddress = remote.address;
    void attach(main, session, true, datagram, remote, local);
    return;
  }
  void rebind(main, datagram, remote, local);
}

function mayPass(session: Session): boolean {
  return (
    session.isHandedOver &&
    !session.isClosed &&
    !session.settings['no-udp'] &&
    Date.now() - session.lastDatagramAt > passSeconds * 1000
  );
}

async function rebind(main: Main, datagram: Buffer, remote: Endpoint, local: Endpoint): Promise<void> {
  const candidates = [...main.sessions.values()]
    .filter(
      (session) =>
        session.dtlsId !== undefined &&
        (session.lastDatagramAddress === remote.address ||
          session.connection.remote.address === remote.address) &&
        mayPass(session),
    )
    .slice(0, maxCandidates);
  const byWorker = Map.groupBy(candidates, ({ connection }) => connection.worker);
  for (const [worker, sessions] of byWorker) {
    for (const session of sessions) session.lastDatagramAt = Date.now();
    const answer = await worker.client
      .call('ProbeDatagram', {
        sessionIds: sessions.map(({ sessionId }) => sessionId),
        datagram: datagram.toString('base64'),
      })
      .catch(() => undefined);
    const session = sessions.find(({ sessionId }) => sessionId === answer?.parameters.sessionId);
    if (session === undefined) continue;
    await attach(main, session, false, datagram, remote, local);
    return;
  }
  main.datagramMistakes.tell(remote, 'a DTLS record of no known session');
}

async function attach(
  main: Main,
  session: Session,
  hello: boolean,
  datagram: Buffer,
  remote: Endpoint,
  local: Endpoint,
): Promise<void> {
  let descriptor: number;
  try {
    descriptor = inNamespace(main.listenNamespace, () => connectUdp(local, remote));
  } catch (error) {
    main.log.error(
      `cannot connect a datagram socket: ${error instanceof Error ? error.message : String(error)}`,
    );
    return;
  }
  const sent = session.connection.worker.client.call(
    'AttachDatagram',
    { sessionId: session.sessionId, hello, datagram: datagram.toString('base64') },
    { descriptors: [descriptor] },
  );
  closeDescriptor(descriptor);
  await sent.catch(() => undefined);
}

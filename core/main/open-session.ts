// CONNECT with a cookie, seen from main:
//   1. the connection is this worker's and asks for the first time
//   2. the security module knows the cookie and grants the session with its settings
//   3. a tunnel that already has this session is taken over: it ends, its addresses stay
//   4. limits: sessions of one user
//   5. addresses, tun device
//   6. firewall, connect script, iroutes
//   7. the session is in the tables; the worker gets settings and device
// Whatever fails gives back what the steps before took. Called by sessions-door.ts.
import type { Settings } from '../config/index.ts';
import {
  securityModuleErrors,
  sessionsErrors,
  type SecurityModuleGrant,
  type SessionsMethods,
} from '../interfaces/index.ts';
import { closeDescriptor, configureDevice, openTun, setDeviceAlias } from '../native/index.ts';
import { VarlinkError, withDescriptors } from '../varlink/index.ts';
import { announceTunnel } from './accounting.ts';
import { leaseSilentAddresses } from './answering.ts';
import { closeSession } from './close-session.ts';
import {
  connectionLog,
  globalSettings,
  noCounters,
  type Connection,
  type Main,
  type Session,
} from './context.ts';
import { publishEvent } from './events.ts';
import type { Lease } from './leases.ts';
import { changeIroutes, runSessionScript } from './session-scripts.ts';
import { noteLogin } from './login-record.ts';
import { leaseRequest, tunnelSettings } from './session-settings.ts';

type Parameters = SessionsMethods['OpenSession']['parameters'];

export async function openSession(main: Main, connection: Connection, asked: Parameters) {
  if (connection.hasOpened) throw refused('this connection has opened a session already');
  connection.hasOpened = true;
  const grant = await askForGrant(main, connection, asked);
  connection.username = grant.username;
  connection.vhost = grant.vhost;
  connection.userAgent = asked.userAgent ?? connection.userAgent;
  connection.tlsCiphersuite = asked.tlsCiphersuite ?? connection.tlsCiphersuite;
  const log = connectionLog(main, connection);
  const settings = grant.settings as unknown as Settings;
  const giveBack = (): void => {
    void main.securityModule.client
      .call('CloseSession', {
        sessionId: grant.sessionId,
        keepCookie: true,
        reason: 'error',
        counters: { rxBytes: 0, txBytes: 0 },
        seconds: 0,
      })
      .catch(() => undefined);
  };

  const request = leaseRequest(grant, settings, { ipv4: asked.wantsIpv4, ipv6: asked.wantsIpv6 });
  // Before all tables are looked at, which must not change while something is waited for.
  if (globalSettings(main)['ping-leases']) await leaseSilentAddresses(main.leases, request, log);
  const keepMs = (settings['cookie-timeout'] + 15) * 1000;

  const former = main.sessions.get(grant.sessionId);
  let scripts: Promise<unknown> = Promise.resolve();
  if (former !== undefined) {
    connectionLog(main, former.connection).info('disconnecting previous user session due to session reuse');
    await closeSession(main, former, 'takeover');
    scripts = former.scripts;
  } else log.info('new user session');

  const limit = settings['max-same-clients'];
  const same = [...main.sessions.values()].filter(({ username }) => username === grant.username).length;
  if (limit > 0 && same >= limit) {
    giveBack();
    main.leases.release(grant.sessionId, keepMs);
    log.info(`user tried to connect more than ${String(limit)} times`);
    throw refused('too many sessions of this user');
  }

  const leased = main.leases.lease(request);
  if ('refused' in leased || (leased.lease.ipv4 === undefined && leased.lease.ipv6 === undefined)) {
    giveBack();
    if (!('refused' in leased)) throw new VarlinkError(sessionsErrors.NoNetwork, {});
    log.error(leased.refused);
    throw new VarlinkError(sessionsErrors.NoFreeAddress, {});
  }
  const { lease, missing } = leased;
  if (missing !== undefined) log.warning(missing);
  let tun;
  try {
    tun = openDevice(main, lease);
  } catch (error) {
    giveBack();
    main.leases.release(grant.sessionId, keepMs);
    const reason = error instanceof Error ? error.message : String(error);
    log.error(`cannot make the tun device: ${reason}`);
    throw new VarlinkError(sessionsErrors.SessionUnavailable, { reason: 'no tun device' });
  }
  if (lease.ipv4 !== undefined) log.debug(`assigned IPv4: ${lease.ipv4.address}`);
  if (lease.ipv6 !== undefined)
    log.debug(`assigned IPv6: ${lease.ipv6.address}/${String(lease.ipv6.prefix)}`);
  log.debug(`assigning tun device ${tun.name}`);

  const session: Session = {
    sessionId: grant.sessionId,
    connection,
    username: grant.username,
    groupname: grant.groupname,
    vhost: grant.vhost,
    settings,
    startedAt: grant.startedAt,
    openedAt: openingTime(former),
    nextReportAt: 0,
    lease,
    device: { name: tun.name, index: tun.index, offload: tun.offload },
    hostname: asked.hostname,
    deviceType: asked.deviceType,
    devicePlatform: asked.devicePlatform,
    userAgent: asked.userAgent,
    dtlsId: asked.dtlsId,
    counters: noCounters(grant.sessionId),
    tunnelMtu: undefined,
    dtlsCiphersuite: undefined,
    cstpCompression: undefined,
    dtlsCompression: undefined,
    lastDatagramAt: 0,
    lastDatagramAddress: undefined,
    isHandedOver: false,
    isClosed: false,
    isTerminated: false,
    isRefusedByScript: false,
    isRecorded: false,
    connecting: new AbortController(),
    scripts,
  };
  connection.session = session;
  main.sessions.set(session.sessionId, session);
  if (session.dtlsId !== undefined) main.sessionsByDtlsId.set(session.dtlsId, session);

  try {
    const problem = await main.firewall.raise(session);
    if (problem !== undefined) log.error(`cannot restrict user '${session.username}': ${problem}`);
    session.isRefusedByScript = problem !== undefined || !(await runSessionScript(main, session, 'connect'));
    const isWelcome = !session.isRefusedByScript && (await changeIroutes(main, session, 'add'));
    if (!isWelcome || connection.isGone || session.isClosed || main.isStopping) {
      log.info(`failed authentication attempt for user '${session.username}'`);
      await closeSession(main, session, 'error');
      throw refused('the session is not wanted now');
    }
  } catch (error) {
    closeDescriptor(tun.fd);
    throw error;
  }
  session.isHandedOver = true;
  connection.state = 'authenticated';
  announceTunnel(main, session);
  log.info('user logged in');
  noteLogin(main, session, true);
  publishEvent(main, 'connect', session);
  if (session.hostname !== undefined) void runSessionScript(main, session, 'host-update');
  return withDescriptors({ settings: tunnelSettings(session) }, [tun.fd]);
}

async function askForGrant(
  main: Main,
  connection: Connection,
  asked: Parameters,
): Promise<SecurityModuleGrant> {
  try {
    const reply = await main.securityModule.client.call('OpenSession', {
      cookie: asked.cookie,
      vhost: asked.vhost,
      remoteAddress: connection.remote.address,
      connectionId: connection.id,
    });
    return reply.parameters.grant;
  } catch (error) {
    const log = connectionLog(main, connection);
    if (error instanceof VarlinkError && error.error === securityModuleErrors.CookieRefused) {
      log.info(`failed authentication attempt for user '${connection.username ?? ''}'`);
      throw refused(textOf(error.parameters['reason'], 'unknown cookie'));
    }
    if (error instanceof VarlinkError && error.error === securityModuleErrors.CertificateMissing) {
      throw new VarlinkError(sessionsErrors.CertificateMissing, {});
    }
    if (error instanceof VarlinkError && error.error === securityModuleErrors.SettingsRefused) {
      log.error(textOf(error.parameters['message'], 'settings refused'));
      throw refused('settings of this user cannot be read');
    }
    log.error(
      `the security module did not answer: ${error instanceof Error ? error.message : String(error)}`,
    );
    throw new VarlinkError(sessionsErrors.SessionUnavailable, {
      reason: 'no answer from the security module',
    });
  }
}

/** Later than the tunnel that was taken over, however fast the client was. */
function openingTime(former: Session | undefined): number {
  return Math.max(Date.now(), (former?.openedAt ?? 0) + 1);
}

function openDevice(main: Main, lease: Lease) {
  const tun = openTun({
    prefix: globalSettings(main).device ?? 'vpns',
    offload: !globalSettings(main)['packet-path-disable'].includes('tun-offload'),
    ownerUid: main.runAs.uid,
    ownerGid: main.runAs.gid,
  });
  try {
    setDeviceAlias(tun.index, main.deviceAlias);
    configureDevice(tun.index, {
      ...(lease.ipv4 === undefined ? {} : { ipv4: { local: lease.ipv4.local, peer: lease.ipv4.address } }),
      ...(lease.ipv6 === undefined
        ? {}
        : { ipv6: { local: lease.ipv6.local, peer: lease.ipv6.address, prefix: lease.ipv6.prefix } }),
      up: true,
    });
    return tun;
  } catch (error) {
    closeDescriptor(tun.fd);
    throw error;
  }
}

function refused(reason: string): VarlinkError {
  return new VarlinkError(sessionsErrors.CookieRefused, { reason });
}

/** Details of an error are not checked on arrival. */
function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

// The life of the main process, in order:
//   start  1 listeners (paused) 2 state, leftovers of a former main removed 3 security module 4 workers
//          5 control socket 6 pid file 7 accept, "initialized"
//   signals HUP reload, TERM and INT stop, USR2 maintenance, USR1 ignored
//   stop   1 no new connections, drain 2 counters collected 3 every session closed 4 workers, security module
//          5 control socket, pid file, state
// Called by index.ts in the foreground process, by daemon-child.ts in the background.
import { randomBytes, createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import {
  compareConfigurations,
  formatDiagnostic,
  loadConfiguration,
  type Configuration,
  type LoggingConfiguration,
  type SecmodConfiguration,
} from '../config/index.ts';
import { openControl, type ControlServer } from '../control/index.ts';
import type { SecurityModuleEvent } from '../interfaces/index.ts';
import {
  closeDescriptor,
  deleteDevice,
  inNamespace,
  listDevices,
  probePacketFeatures,
  lookupGroup,
  lookupUser,
  notifySupervisor,
  openSyslog,
  peerCredentials,
  writeSyslog,
  trimMemory,
} from '../native/index.ts';
import { memoryKeyedStore, openKeyedStore, stateFile, type KeyedStore } from '../store/index.ts';
import { collectWhenQuiet, createLogger, type Logger } from '../system/index.ts';
import { AcceptBrake } from './accept-brake.ts';
import { acceptConnection } from './accept.ts';
import { announceTunnel, startReports } from './accounting.ts';
import { parseNetwork, type Network } from './addresses.ts';
import { Bans } from './bans.ts';
import { workerConfiguration } from './child-configuration.ts';
import { closeSession } from './close-session.ts';
import { globalSettings, type Main } from './context.ts';
import { controlDoor, refreshCounters } from './control-door.ts';
import { DatagramMistakes } from './datagram-mistakes.ts';
import { EventLog } from './event-log.ts';
import { receiveDatagram } from './datagrams.ts';
import { Firewall } from './firewall.ts';
import { KdcBroker } from './kdc/broker.ts';
import { resolveKdcs } from './kdc/table.ts';
import { Leases } from './leases.ts';
import { openListeners, openListenNamespace, type Listeners } from './listeners.ts';
import { packetPathState } from './packet-path-state.ts';
import { chargePoints } from './points.ts';
import { ProxiedConnections } from './proxied.ts';
import { SecurityModuleProcess } from './security-module-process.ts';
import { securityThreads } from './security-threads.ts';
import { endOverdueLogins } from './sessions-door.ts';
import { Statistics } from './statistics.ts';
import { attachAuthenticator, configureWorker, startWorkers, type Supervision } from './supervise.ts';

const maintenanceSeconds = 60;
const stopLimitMs = 5000;
/** Of setTimeout. */
const longestTimeoutMs = 2 ** 31 - 1;

export interface ServerOptions {
  readonly configFile: string;
  readonly configuration: Configuration;
  readonly pidFile: string | undefined;
  readonly logging: LoggingConfiguration;
  readonly version: string;
  /** Lines for the person who starts the server. */
  say(line: string): void;
}

export class Server {
  readonly #options: ServerOptions;
  readonly #main: Main;
  readonly #store: KeyedStore;
  readonly #supervision: Supervision;
  readonly #ended = Promise.withResolvers<number>();
  #listeners: Listeners | undefined;
  #control: ControlServer | undefined;
  #maintenance: NodeJS.Timeout | undefined;
  #cleanUp: NodeJS.Timeout | undefined;
  readonly #brake: AcceptBrake;
  /** Ends the reports of counters. */
  #reports: (() => void) | undefined;
  /** Written by this process: another server's is not ours to remove. */
  #hasPidFile = false;
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(options: ServerOptions) {
    this.#options = options;
    const { configuration, logging } = options;
    const settings = configuration.hosts[0]?.settings;
    if (settings === undefined) throw new Error('a configuration without default host');
    const log = openLog(logging);
    this.#store = openState(log, settings['state-dir'], settings['socket-file'] ?? options.configFile);
    const now = Date.now;
    const listenNamespace = openListenNamespace(settings);
    const main: Main = {
      version: options.version,
      configFile: options.configFile,
      startedAt: now(),
      configuration,
      generation: 1,
      ticketKey: randomBytes(32),
      log,
      datagramMistakes: new DatagramMistakes(log),
      bans: new Bans(
        this.#store,
        now,
        () => {
          const current = globalSettings(main);
          return {
            maxScore: current['max-ban-score'],
            banSeconds: current['ban-time'],
            resetSeconds: current['ban-reset-time'],
          };
        },
        inNamespace(listenNamespace, localNetworks),
      ),
      listenNamespace,
      kdcs: new KdcBroker(log),
      leases: new Leases(this.#store, now, (settings['cookie-timeout'] + 15) * 1000),
      firewall: new Firewall(this.#store),
      statistics: new Statistics(now()),
      connections: new Map(),
      proxied: new ProxiedConnections(log),
      sessions: new Map(),
      sessionsByDtlsId: new Map(),
      events: new EventLog(now()),
      securityModule: new SecurityModuleProcess({
        log,
        threads: securityThreads(settings),
        configuration: () => this.#secmodParameters(main.configuration, main.generation),
        onEvent: (event) => {
          this.#securityEvent(event);
        },
        onReady: () => this.#reattach(),
      }),
      workers: [],
      quiet: collectWhenQuiet(trimMemory),
      deviceAlias: `ocserv:${createHash('sha256')
        .update(path.resolve(settings['socket-file'] ?? options.configFile))
        .digest('hex')
        .slice(0, 12)}`,
      runAs: accountOf(settings['run-as-user'], settings['run-as-group']),
      isStopping: false,
      isEnding: false,
    };
    this.#main = main;
    this.#brake = new AcceptBrake({
      pauseMs: () => globalSettings(main)['rate-limit-ms'],
      backlog: async () => {
        const answer = await main.securityModule.client.call('GetStatistics', {}, { timeoutMs: 250 });
        return answer.parameters.statistics.pendingWork;
      },
      pause: () => this.#listeners?.pause(),
      resume: () => {
        if (!main.isStopping) this.#listeners?.resume();
      },
      log: (text) => main.log.info(text),
    });
    this.#supervision = {
      main,
      configuration: () =>
        workerConfiguration(
          main.configuration,
          logging,
          main.runAs,
          this.#listeners?.udpPort ?? settings['udp-port'],
        ),
    };
  }

  /** Rejects with what kept it from starting; then nothing is left behind. */
  async start(): Promise<void> {
    const main = this.#main;
    try {
      main.kdcs.adopt(await resolveKdcs(main.configuration));
      this.#listeners = await openListeners(
        globalSettings(main),
        {
          onConnection: (descriptor, remote, local) => {
            if (this.#listeners === undefined) closeDescriptor(descriptor);
            else acceptConnection(main, this.#listeners, descriptor, remote, local);
            void this.#brake.accepted();
          },
          onDatagram: (datagram, remote, local) => {
            receiveDatagram(main, datagram, remote, local);
          },
        },
        (line) => {
          this.#options.say(line);
        },
        main.listenNamespace,
      );
      this.#listeners.pause();
      this.#removeLeftovers();
      await main.firewall.removeLeftovers(main.configuration, main.log);
      await main.securityModule.start();
      await startWorkers(this.#supervision);
      await this.#openControl();
      if (this.#options.pidFile !== undefined) {
        writeFileSync(this.#options.pidFile, String(process.pid), { mode: 0o644 });
        this.#hasPidFile = true;
      }
    } catch (error) {
      await this.#end();
      throw error;
    }
    this.#handleSignals();
    this.#reports = startReports(main);
    this.#maintenance = setInterval(() => {
      this.#maintain();
    }, maintenanceSeconds * 1000);
    this.#planCleanUp();
    this.#listeners.resume();
    main.quiet.note();
    main.log.info(packetPathState(globalSettings(main)['packet-path-disable'], probePacketFeatures()));
    main.log.info(`initialized OpenConnect VPN Server ${main.version}`);
    notifySupervisor(`READY=1\nMAINPID=${String(process.pid)}`);
  }

  /** Exit status when the server has ended. */
  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  async stop(): Promise<void> {
    const main = this.#main;
    if (main.isStopping) return;
    main.isStopping = true;
    notifySupervisor('STOPPING=1');
    const drainMs = globalSettings(main)['server-drain-ms'];
    this.#listeners?.close();
    main.proxied.close();
    if (drainMs > 0) {
      main.log.info('termination request received; stopping new connections');
      main.log.info(`termination request received; waiting ${String(drainMs)} ms`);
      await new Promise((resolve) => setTimeout(resolve, drainMs));
    }
    main.log.info('termination request received; waiting for sessions to terminate');
    main.isEnding = true;
    await refreshCounters(main);
    const sessions = [...main.sessions.values()];
    const closing = sessions.map((session) => closeSession(main, session, 'serverDisconnect'));
    await Promise.race([
      Promise.allSettled(closing),
      new Promise((resolve) => setTimeout(resolve, stopLimitMs).unref()),
    ]);
    await Promise.race([
      Promise.allSettled(sessions.map(({ scripts }) => scripts)),
      new Promise((resolve) => setTimeout(resolve, stopLimitMs).unref()),
    ]);
    await this.#end();
    this.#ended.resolve(0);
  }

  async #end(): Promise<void> {
    const main = this.#main;
    main.isStopping = true;
    clearInterval(this.#maintenance);
    clearTimeout(this.#cleanUp);
    this.#reports?.();
    this.#listeners?.close();
    main.proxied.close();
    this.#control?.close();
    main.kdcs.close();
    await Promise.all([...main.workers].map((worker) => worker.stop(true)));
    await main.securityModule.stop();
    this.#store.close();
    if (this.#hasPidFile && this.#options.pidFile !== undefined) {
      rmSync(this.#options.pidFile, { force: true });
    }
    main.datagramMistakes.flush();
    main.log.flush();
  }

  /** All or nothing: what is refused anywhere before the switch leaves everything as it was. */
  reload(): Promise<{ readonly problems: readonly string[] } | { readonly needsRestart: readonly string[] }> {
    const run = this.#reloading.then(() => this.#reload());
    this.#reloading = run.catch(() => undefined);
    return run;
  }

  async #reload() {
    const main = this.#main;
    main.log.info('reloading configuration');
    const { configuration: loaded, diagnostics } = loadConfiguration(main.configFile, { checkFiles: true });
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(formatDiagnostic);
    const refuse = (problems: readonly string[]) => {
      for (const problem of problems) main.log.error(problem);
      main.log.error('the configuration was not reloaded; the former one stays in force');
      return { problems };
    };
    for (const diagnostic of diagnostics) {
      if (diagnostic.severity === 'warning') main.log.warning(formatDiagnostic(diagnostic));
    }
    if (loaded === undefined || errors.length > 0) return refuse(errors);
    const { configuration, needsRestart } = compareConfigurations(main.configuration, loaded);
    const former = main.configuration;
    const udpPort = this.#listeners?.udpPort ?? 0;
    const formerKdcs = main.kdcs.table;
    try {
      workerConfiguration(configuration, this.#options.logging, main.runAs, udpPort);
      const kdcs = await resolveKdcs(configuration);
      const parameters = this.#secmodParameters(configuration, main.generation + 1);
      await main.securityModule.configure(parameters);
      main.kdcs.adopt(kdcs);
    } catch (error) {
      return refuse((error instanceof Error ? error.message : String(error)).split('\n'));
    }
    main.configuration = configuration;
    main.generation += 1;
    const results = await Promise.allSettled(
      main.workers.map((worker) => configureWorker(this.#supervision, worker)),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      main.configuration = former;
      main.kdcs.adopt(formerKdcs);
      main.generation += 1;
      await main.securityModule
        .configure(this.#secmodParameters(former, main.generation))
        .catch(() => undefined);
      await Promise.allSettled(main.workers.map((worker) => configureWorker(this.#supervision, worker)));
      return refuse([failed.reason instanceof Error ? failed.reason.message : String(failed.reason)]);
    }
    for (const name of needsRestart) main.log.notice(`option '${name}' changed; a restart is needed`);
    return { needsRestart };
  }

  #secmodParameters(configuration: Configuration, generation: number) {
    const content: SecmodConfiguration = { configuration, logging: this.#options.logging };
    return {
      generation,
      configuration: content as unknown as Record<string, unknown>,
      ticketKey: this.#main.ticketKey.toString('base64'),
    };
  }

  #securityEvent(event: SecurityModuleEvent): void {
    if (event.kind === 'failed') this.#main.statistics.countFailure();
    if (event.points > 0) chargePoints(this.#main, event.address, event.points);
  }

  /** A new security module: doors for the workers, and word of the sessions that are in use. */
  async #reattach(): Promise<void> {
    const main = this.#main;
    await Promise.all(main.workers.map((worker) => attachAuthenticator(main, worker)));
    for (const session of main.sessions.values()) announceTunnel(main, session);
  }

  async #openControl(): Promise<void> {
    const main = this.#main;
    const settings = globalSettings(main);
    if (!settings['use-occtl']) return;
    this.#control = await openControl({
      socketFile: settings['occtl-socket-file'],
      version: main.version,
      handlers: (caller) =>
        controlDoor(main, caller, {
          reload: () => this.reload(),
          stop: () => void this.stop(),
        }),
      peer: (socket) => peerCredentials(descriptorOf(socket)),
      group: groupOf(settings['occtl-socket-group']),
      readOnlyGroup: groupOf(settings['occtl-read-only-group']),
      onRefused: (uid) => main.log.error(`ctl: refused a connection of uid ${String(uid)}`),
      onMistake: (client, text) => main.log.info(`ctl: ${client}: ${text}`),
      onError: (text) => main.log.error(`ctl: ${text}`),
    });
  }

  /** Devices of a former main that was killed; they carry this server's mark. */
  #removeLeftovers(): void {
    for (const device of listDevices()) {
      if (!device.isTun || device.alias !== this.#main.deviceAlias) continue;
      this.#main.log.notice(`removing the device ${device.name} left behind by a former process`);
      deleteDevice(device.index);
    }
  }

  #handleSignals(): void {
    process.on('SIGTERM', () => void this.stop());
    process.on('SIGINT', () => void this.stop());
    process.on('SIGHUP', () => void this.reload());
    process.on('SIGUSR1', () => undefined);
    process.on('SIGPIPE', () => undefined);
    process.on('SIGUSR2', () => {
      this.#main.log.info('forcing maintenance cycle');
      this.#maintain();
      this.#cleanUpSecurityModule();
    });
  }

  #cleanUpSecurityModule(): void {
    void this.#main.securityModule.client.call('Maintain', {}).catch(() => undefined);
  }

  /** sec-mod-db-cleanup-time; a reload may have changed it by the next time. */
  #planCleanUp(): void {
    const seconds = globalSettings(this.#main)['sec-mod-db-cleanup-time'];
    this.#cleanUp = setTimeout(
      () => {
        this.#cleanUpSecurityModule();
        this.#planCleanUp();
      },
      Math.min(seconds * 1000, longestTimeoutMs),
    );
  }

  #maintain(): void {
    const main = this.#main;
    const now = Date.now();
    main.bans.maintain();
    main.leases.sweep();
    endOverdueLogins(main, now);
    const periodMs = globalSettings(main)['server-stats-reset-time'] * 1000;
    if (periodMs > 0 && now - main.statistics.lastResetAt >= periodMs) {
      for (const line of main.statistics.reset(now)) main.log.info(line);
    }
  }
}

function openLog({ level, stderr, syslog, syslogFacility }: LoggingConfiguration): Logger {
  if (syslog) openSyslog('ocserv', syslogFacility);
  return createLogger({
    component: 'main:',
    level,
    destinations: { stderr, ...(syslog ? { syslog: writeSyslog } : {}) },
  });
}

function openState(log: Logger, folder: string, socketFile: string): KeyedStore {
  const file = stateFile(folder, socketFile, 'main');
  try {
    return openKeyedStore(file, (error) => log.error(`cannot write ${file}: ${error.message}`));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.error(`cannot open ${file} (${reason}); leases and bans will not outlive a restart`);
    return memoryKeyedStore();
  }
}

function accountOf(user: string | undefined, group: string | undefined): { uid: number; gid: number } {
  const account = user === undefined ? undefined : lookupUser(user);
  if (user !== undefined && account === undefined) throw new Error(`unknown user: ${user}`);
  return { uid: account?.uid ?? 0, gid: groupOf(group) ?? account?.gid ?? 0 };
}

function groupOf(name: string | undefined): number | undefined {
  const found = name === undefined ? undefined : lookupGroup(name);
  if (name !== undefined && found === undefined) throw new Error(`unknown group: ${name}`);
  return found?.gid;
}

function localNetworks(): Network[] {
  return Object.values(networkInterfaces())
    .flat()
    .flatMap((entry) => {
      const network = entry?.cidr === undefined || entry.cidr === null ? undefined : parseNetwork(entry.cidr);
      return network === undefined ? [] : [network];
    });
}

/** Node keeps a socket's descriptor in its handle. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof descriptor !== 'number') throw new Error('a socket without descriptor');
  return descriptor;
}

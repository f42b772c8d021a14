// The main process: entry of the `ocserv` command. Reads the configuration, goes to the background unless told
// otherwise, runs the server until it ends.
import path from 'node:path';
import { formatDiagnostic, loadConfiguration, type LoggingConfiguration } from '../config/index.ts';
import { setDumpable } from '../native/index.ts';
import { surviveLostOutput } from '../system/index.ts';
import { silenceChildren } from './child-process.ts';
import { startDaemon } from './daemon.ts';
import { resolveKdcs } from './kdc/table.ts';
import { Server } from './server.ts';

export interface RunOptions {
  readonly configFile?: string | undefined;
  readonly foreground: boolean;
  readonly debugLevel?: number | undefined;
  readonly pidFile?: string | undefined;
  readonly logStderr: boolean;
  readonly syslog: boolean;
  readonly syslogFacility?: string | undefined;
  readonly traceable: boolean;
  readonly noChdir: boolean;
  readonly version: string;
}

const defaultConfigFile = '/etc/ocserv/ocserv.conf';
const defaultLevel = 2;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** `ocserv --test-config`: 0 when the file is good. */
export async function checkConfiguration(configFile: string | undefined): Promise<number> {
  const { configuration, diagnostics } = loadConfiguration(configFile ?? defaultConfigFile, {
    checkFiles: true,
  });
  for (const diagnostic of diagnostics) say(formatDiagnostic(diagnostic));
  if (configuration === undefined || diagnostics.some(({ severity }) => severity === 'error')) return 1;
  try {
    await resolveKdcs(configuration);
    return 0;
  } catch (error) {
    for (const line of (error instanceof Error ? error.message : String(error)).split('\n'))
      say(`error: ${line}`);
    return 1;
  }
}

/** Resolves with the exit status: at the end of the server, or of this process when it goes to the background. */
export async function runServer(options: RunOptions): Promise<number> {
  if (options.foreground) return serveHere(options, { isReady: () => undefined });
  return startDaemon({ ...options, configFile: path.resolve(options.configFile ?? defaultConfigFile) });
}

/** The server in this process; `isReady` is told when clients can connect. */
export async function serveHere(options: RunOptions, events: { isReady(): void }): Promise<number> {
  surviveLostOutput();
  const configFile = path.resolve(options.configFile ?? defaultConfigFile);
  const { configuration, diagnostics } = loadConfiguration(configFile, { checkFiles: true });
  for (const diagnostic of diagnostics) say(formatDiagnostic(diagnostic));
  const host = configuration?.hosts[0];
  if (
    configuration === undefined ||
    host === undefined ||
    diagnostics.some(({ severity }) => severity === 'error')
  ) {
    return 1;
  }
  if (process.geteuid?.() !== 0) {
    say('This server requires root access to operate.');
    return 1;
  }
  const { settings } = host;
  const fileLevel = host.explicit.includes('log-level') ? settings['log-level'] : undefined;
  const isUnspecific = !options.logStderr && !options.syslog;
  const logging: LoggingConfiguration = {
    level: fileLevel ?? options.debugLevel ?? defaultLevel,
    stderr: options.logStderr || (isUnspecific && options.debugLevel !== undefined),
    syslog: options.syslog || isUnspecific,
    syslogFacility: options.syslogFacility ?? settings['syslog-facility'],
  };
  process.title = 'ocserv-main';
  if (!options.traceable) setDumpable(false);
  process.umask(0o066);
  if (!options.foreground) silenceChildren();
  try {
    const server = new Server({
      configFile,
      configuration,
      pidFile: options.pidFile ?? settings['pid-file'],
      logging,
      version: options.version,
      say,
    });
    await server.start();
    events.isReady();
    if (!options.foreground && !options.noChdir) process.chdir('/');
    return await server.ended;
  } catch (error) {
    say(`error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

// `ocserv`: reads the flags and starts the server in this process.
import { Command, Flags } from '@oclif/core';
import process from 'node:process';
import { checkConfiguration, runServer } from '../../core/main/index.ts';
import { version } from '../base/version.ts';

export default class Ocserv extends Command {
  static override summary = 'The OpenConnect VPN server.';
  static override description =
    'Serves VPN clients (openconnect, NetworkManager, Cisco AnyConnect and Secure Client) as its configuration file says. ' +
    'Without --foreground it goes to the background once it accepts connections.\n\n' +
    'Signals: HUP applies the configuration again, TERM and INT stop, USR2 runs the periodic maintenance now.\n' +
    'Exit status: 0 on success, 1 on anything else.';
  static override examples = [
    { description: 'check a configuration file', command: 'ocserv --test-config --config ./ocserv.conf' },
    {
      description: 'run in the foreground and see what happens',
      command: 'ocserv -f -e -d 3 -c ./ocserv.conf',
    },
    { description: 'run as a daemon', command: 'ocserv -c /etc/ocserv/ocserv.conf -p /run/ocserv.pid' },
  ];
  static override flags = {
    foreground: Flags.boolean({ char: 'f', summary: 'Stay in the foreground.' }),
    debug: Flags.string({
      char: 'd',
      multiple: true,
      helpValue: 'LEVEL',
      summary: 'Log level, 0 to 9; a log-level in the file wins.',
    }),
    config: Flags.string({
      char: 'c',
      helpValue: 'FILE',
      summary: 'Configuration file (default /etc/ocserv/ocserv.conf).',
    }),
    'test-config': Flags.boolean({ char: 't', summary: 'Check the configuration file and exit.' }),
    'no-chdir': Flags.boolean({ summary: 'Keep the working directory when going to the background.' }),
    'pid-file': Flags.string({ char: 'p', helpValue: 'FILE', summary: 'Write the process id here.' }),
    'log-stderr': Flags.boolean({ char: 'e', summary: 'Log to standard error.' }),
    syslog: Flags.boolean({ char: 's', summary: 'Log to syslog (default).' }),
    'syslog-facility': Flags.string({
      helpValue: 'NAME',
      summary: 'daemon, user, auth, authpriv, local0 to local7.',
    }),
    traceable: Flags.boolean({ char: 'x', summary: 'Permit debuggers and core dumps.' }),
    version: Flags.boolean({ char: 'v', summary: 'Print version and capabilities.' }),
    help: Flags.boolean({ char: 'h', summary: 'Print this help.' }),
  };
  // Read by hand, so that the complaint is the one the C program makes.
  static override strict = false;

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(Ocserv);
    if (argv.length > 0) {
      process.stderr.write('error: no additional command line options are allowed\n');
      process.exitCode = 1;
      return;
    }
    const level = debugLevel(flags.debug);
    const facility = flags['syslog-facility'];
    if (facility !== undefined && !syslogFacilities.includes(facility)) {
      process.stderr.write(
        `error: unknown syslog facility: ${facility}; expected one of ${syslogFacilities.join(', ')}\n`,
      );
      process.exitCode = 1;
      return;
    }
    const configFile = flags.config;
    if (flags['test-config']) {
      process.exitCode = await checkConfiguration(configFile);
      return;
    }
    process.exitCode = await runServer({
      configFile,
      foreground: flags.foreground,
      debugLevel: level,
      pidFile: flags['pid-file'],
      logStderr: flags['log-stderr'],
      syslog: flags.syslog,
      syslogFacility: facility,
      traceable: flags.traceable,
      noChdir: flags['no-chdir'],
      version,
    });
  }
}

const syslogFacilities: readonly string[] = [
  ...['daemon', 'user', 'auth', 'authpriv'],
  ...Array.from({ length: 8 }, (_, index) => `local${String(index)}`),
];

/** The last -d counts. */
function debugLevel(given: readonly string[] | undefined): number | undefined {
  const last = given?.at(-1);
  if (last === undefined) return undefined;
  const level = Number(last);
  if (!Number.isInteger(level) || level < 0 || level > 9) {
    throw new Error(`--debug: expected a level from 0 to 9, found "${last}"`);
  }
  return level;
}

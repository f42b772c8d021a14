// The processes of the server, their sockets, logs and limits. Rows of the option table.
import { option } from '../option.ts';
import { packetPathNames } from '../packet-path.ts';
import { choice, count, flag, text, textOr } from '../values.ts';

export const processesOptions = {
  'run-as-user': option(text('account'), {
    scope: ['global'],
    reload: false,
    shownDefault: 'root (uid 0, no switch)',
    summary: 'Account the connection workers switch to; also owner of the IPC sockets.',
    note: 'The name of an account.',
    example: 'nobody',
  }),
  'run-as-group': option(text('group'), {
    scope: ['global'],
    reload: false,
    shownDefault: 'gid 0 (no switch)',
    summary: 'Group the connection workers switch to.',
    note: 'The name of a group.',
    example: 'nogroup',
  }),
  'socket-file': option(text('file'), {
    scope: ['global'],
    reload: false,
    required: true,
    summary: 'Prefix of the internal worker/security-process socket.',
    note: 'Mandatory for compatibility. The processes speak over inherited descriptors; the path only names state.',
    example: '/run/ocserv-socket',
  }),
  'occtl-socket-file': option(textOr('/var/run/occtl.socket', 'file'), {
    scope: ['global'],
    reload: false,
    summary: 'UNIX socket on which occtl talks to the server.',
  }),
  'use-occtl': option(flag(false), {
    scope: ['global'],
    reload: true,
    summary: 'Open the control socket for occtl.',
    example: 'true',
  }),
  'chroot-dir': option(text('folder'), {
    scope: ['global'],
    reload: false,
    summary: 'Directory the workers chroot into; the main process changes its working directory there.',
  }),
  'pid-file': option(text('file'), {
    scope: ['global', 'vhost'],
    reload: false,
    wholeServer: true,
    summary: 'File that receives the main process id (decimal, no newline).',
    note: 'The command line wins over the file; of several lines the first is taken.',
    example: '/run/ocserv.pid',
  }),
  'isolate-workers': option(flag(true), {
    scope: ['global'],
    reload: true,
    summary: 'Confine workers with a system-call filter.',
    note: 'Only an explicit false leaves it out. Whatever it says, workers run as run-as-user without capabilities, start no program, gain no rights and cannot be traced; without the filter, what keeps them from a file is its mode.',
  }),
  'limit-worker-memory': option(flag(true), {
    scope: ['global'],
    reload: true,
    summary: 'Cap each worker data segment (RLIMIT_DATA) at start-up size plus 64 MiB.',
    honoured: false,
    matters: (value) => value,
  }),
  'worker-processes': option(count(0, { max: 1024 }), {
    scope: ['global'],
    reload: false,
    summary: 'Number of worker processes.',
    note: '0 is one for each processor.',
  }),
  'packet-path-disable': option(packetPathNames, {
    scope: ['global'],
    reload: false,
    summary: 'Parts of the packet path that are not to be used, for support cases.',
    note: 'Names separated by commas: tun-offload (packets of up to 64 KB from and to the tun devices), coalesce and coalesce-udp (joining the TCP segments and UDP datagrams of a flow), udp-gso and udp-gro (many datagrams in one message), mmsg (many messages in one system call). What the kernel lacks is left out anyway; the log says at the start what is used.',
    example: 'tun-offload, udp-gso',
  }),
  'state-dir': option(textOr('/var/lib/ocserv', 'folder'), {
    scope: ['global'],
    reload: false,
    summary: 'Folder where sessions, leases and bans outlive a restart.',
    note: 'Kept readable by root alone.',
  }),
  'sec-mod-scale': option(count(0), {
    scope: ['global'],
    reload: false,
    summary: 'Number of security (authentication) processes.',
    honoured: false,
  }),
  'sec-mod-db-cleanup-time': option(count(310, { word: 'seconds', min: 1 }), {
    scope: ['global'],
    reload: true,
    summary:
      'Period at which the security process purges expired sessions and TLS tickets and reports statistics.',
    honoured: false,
  }),
  'debug-no-secmod-stats': option(flag(false), {
    scope: ['global', 'vhost'],
    reload: false,
    wholeServer: true,
    summary: 'Test switch: suppress statistics traffic of the security process.',
  }),
  'log-level': option(count(0, { max: 9 }), {
    scope: ['global', 'vhost'],
    reload: false,
    wholeServer: true,
    summary: 'Verbosity of the log.',
    note: '0 to 9; wins over the command line.',
  }),
  'syslog-facility': option(
    choice(
      [
        'daemon',
        'user',
        'auth',
        'authpriv',
        'local0',
        'local1',
        'local2',
        'local3',
        'local4',
        'local5',
        'local6',
        'local7',
      ],
      'daemon',
      { ignoreCase: true },
    ),
    {
      scope: ['global', 'vhost'],
      reload: false,
      wholeServer: true,
      summary: 'Syslog facility of all messages.',
    },
  ),
  'server-stats-reset-time': option(count(604_800, { word: 'seconds', min: 1 }), {
    scope: ['global'],
    reload: false,
    summary: 'Period after which server-wide statistics are reset.',
  }),
  'server-drain-ms': option(count(0, { word: 'milliseconds' }), {
    scope: ['global'],
    reload: true,
    summary: 'On SIGTERM stop accepting, then wait this long before closing sessions.',
  }),
  'use-utmp': option(flag(true), {
    scope: ['global'],
    reload: true,
    summary: 'Record sessions in utmp/wtmp.',
    honoured: false,
    matters: (value) => value,
  }),
} as const;

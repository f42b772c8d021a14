// Life of a session: limits, timers, files and scripts. Rows of the option table.
import { option } from '../option.ts';
import { checkedText, choice, count, text } from '../values.ts';

export const sessionsOptions = {
  'max-clients': option(count(0), {
    scope: ['global'],
    reload: true,
    summary: 'Maximum simultaneous client connections.',
    note: '0 sets no limit. Counts connections, logged in or not.',
    example: '128',
  }),
  'max-same-clients': option(count(0), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'Maximum simultaneous sessions of one user name.',
    note: '0 sets no limit.',
    example: '2',
  }),
  'rate-limit-ms': option(count(0, { word: 'milliseconds' }), {
    scope: ['global'],
    reload: true,
    summary: 'Pause accepting for this time when the security process backlog is over half full.',
    note: 'That is, when more than 32 password checks and signatures wait for it, or it does not answer. 0 turns it off.',
  }),
  'session-timeout': option(count(0, { word: 'seconds' }), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'Maximum session length; the cookie is invalidated at its end.',
  }),
  'idle-timeout': option(count(0, { word: 'seconds' }), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'Disconnect after this time without traffic.',
  }),
  'mobile-idle-timeout': option(count(0, { word: 'seconds' }), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    shownDefault: 'value of idle-timeout',
    summary: 'idle-timeout of clients known to be mobile.',
    note: 'Without it, idle-timeout is taken; 0 turns it off.',
  }),
  keepalive: option(count(32400, { word: 'seconds' }), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'Keepalive interval advertised to clients.',
  }),
  dpd: option(count(90, { word: 'seconds' }), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'Dead peer detection interval.',
    note: '0 turns the probes off.',
  }),
  'mobile-dpd': option(count(1800, { word: 'seconds' }), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'dpd for clients identified as mobile.',
    note: '0 takes the value of dpd.',
  }),
  'switch-to-tcp-timeout': option(count(25, { word: 'seconds' }), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Send over TCP when no UDP data was received for this long.',
  }),
  'rekey-time': option(count(172800, { word: 'seconds' }), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Rekey interval advertised to clients.',
    note: '0 turns rekeying off.',
  }),
  'rekey-method': option(choice(['new-tunnel', 'ssl'], 'new-tunnel'), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'How clients are told to rekey.',
    note: 'new-tunnel makes the client connect again; ssl keeps the tunnel.',
  }),
  'stats-report-time': option(count(0, { word: 'seconds' }), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'Interval at which a session reports its counters (RADIUS interim updates).',
  }),
  'config-per-user': option(text('folder'), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Directory with one settings file per user name.',
    note: 'A file that cannot be understood refuses the session.',
    example: '/etc/ocserv/user/',
  }),
  'config-per-group': option(text('folder'), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Directory with one settings file per group name.',
    note: 'A file that cannot be understood refuses the session.',
    example: '/etc/ocserv/group/',
  }),
  'default-user-config': option(text('file'), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Settings file used when no readable file exists for the user.',
    note: 'Needs config-per-user.',
  }),
  'default-group-config': option(text('file'), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Settings file used when no readable file exists for the group.',
    note: 'Needs config-per-group.',
  }),
  'user-profile': option(text('file'), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'AnyConnect XML profile offered to the client.',
    note: 'Read by the security module at each login and fetch, at most 256 KiB. A relative path may also be one below chroot-dir. One that cannot be read is named in the log and not offered.',
  }),
  hostname: option(
    checkedText('host name', 'a host name of at most 63 characters', (value) =>
      /^[A-Za-z0-9._-]{1,63}$/.test(value),
    ),
    {
      scope: ['user'],
      reload: true,
      summary: 'Host name that stands in for the one the client sends.',
    },
  ),
  'connect-script': option(text('file'), {
    scope: ['global'],
    reload: true,
    summary: 'Program run when a client connects; non-zero exit refuses the client.',
    example: '/etc/ocserv/connect',
  }),
  'disconnect-script': option(text('file'), {
    scope: ['global'],
    reload: true,
    summary: 'Program run when a client disconnects.',
  }),
  'host-update-script': option(text('file'), {
    scope: ['global'],
    reload: true,
    summary: 'Program run when the client host name becomes known.',
  }),
} as const;

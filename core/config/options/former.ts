// Names of former days: aliases, renamed and removed options. Rows of the option table.
import { former } from '../option.ts';

export const formerOptions = {
  'ipv4-dns': former('alias', 'dns', {
    scope: ['global', 'vhost', 'user'],
    summary: 'Old spelling of dns; same list.',
  }),
  'ipv6-dns': former('alias', 'dns', {
    scope: ['global', 'vhost', 'user'],
    summary: 'Old spelling of dns; same list.',
  }),
  'ipv4-nbns': former('alias', 'nbns', {
    scope: ['global', 'vhost', 'user'],
    summary: 'Old spelling of nbns; same list.',
  }),
  'ipv6-nbns': former('alias', 'nbns', {
    scope: ['global', 'vhost', 'user'],
    summary: 'Old spelling of nbns; same list.',
  }),
  'min-reauth-time': former('renamed', 'ban-time', {
    scope: ['global'],
    summary: 'Old name of ban-time.',
  }),
  'always-require-cert': former('inverted', 'cisco-client-compat', {
    scope: ['global', 'vhost'],
    summary: 'Old inverse of cisco-client-compat.',
  }),
  'use-seccomp': former('renamed', 'isolate-workers', {
    scope: ['global'],
    summary: 'Old name of isolate-workers.',
  }),
  'use-dbus': former('renamed', 'use-occtl', {
    scope: ['global'],
    summary: 'Old name of use-occtl.',
  }),
  'session-control': former('ignored', undefined, {
    scope: ['global', 'vhost'],
    summary: 'Obsolete; no effect.',
  }),
  'listen-clear-file': former('removed', undefined, {
    scope: [],
    summary: 'Removed clear-text UNIX listener.',
  }),
  cgroup: former('unknown', undefined, {
    scope: [],
    summary: 'Removed cgroup placement of workers.',
  }),
  tunnel_all_dns: former('alias', 'tunnel-all-dns', {
    scope: ['user'],
    summary: 'Misspelt per-user form of tunnel-all-dns.',
  }),
} as const;

// What a client sees before and after the login, besides the network. Rows of the option table.
import { readKdcRow } from '../kkdcp.ts';
import { option } from '../option.ts';
import { flag, groupChoice, headerLine, text, texts } from '../values.ts';

export const frontOptions = {
  'select-group': option(texts('NAME[Label]', groupChoice), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Group offered in the login form, with optional display label.',
    note: 'NAME or NAME[Label].',
    example: 'staff[The staff]',
  }),
  'default-select-group': option(text(), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Extra first entry of the group list meaning "no specific group".',
  }),
  'auto-select-group': option(flag(false), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Fill the group list from the authentication backend (plain file, PAM/system groups).',
  }),
  'select-group-by-url': option(flag(false), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Allow choosing the group as URL path (https://host/group).',
  }),
  banner: option(text(), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Message shown after connecting.',
    note: 'At most 256 bytes.',
    example: 'Welcome',
  }),
  'pre-login-banner': option(text(), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Message shown in the login form.',
  }),
  'custom-header': option(texts('header', headerLine), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Header line added to the CONNECT reply.',
    note: '%{U} and %{G} stand for user and group name.',
  }),
  'included-http-headers': option(texts('header', headerLine), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Header line added to HTTP replies.',
    note: 'Quotes are kept.',
  }),
  'proxy-url': option(text(), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Proxy auto-config URL sent to the client.',
    note: '%{U} and %{G} stand for user and group name.',
  }),
  kkdcp: option(texts('PATH REALM udp|tcp@HOST:PORT', readKdcRow), {
    scope: ['global', 'vhost'],
    reload: true,
    summary:
      'Kerberos requests of clients that are posted to this path (MS-KKDCP) go to the KDC of the realm.',
    note: 'The path is compared whole. A path may have several realms, and a realm several KDCs, which are asked in turn. IPv6 addresses stand in brackets; names are looked up at start and reload. See KERBEROS.',
    example: '/KdcProxy EXAMPLE.COM tcp@kdc.example.com:88',
  }),
} as const;

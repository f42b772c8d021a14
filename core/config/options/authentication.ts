// Who may log in: methods, cookies, bans, camouflage. Rows of the option table.
import { option } from '../option.ts';
import { accountingMethod, count, flag, methods, objectIdentifier, text } from '../values.ts';

export const authenticationOptions = {
  auth: option(methods, {
    scope: ['global', 'vhost'],
    reload: false,
    required: true,
    summary: 'Primary authentication method; repeated lines must all succeed (AND).',
    note: 'METHOD or METHOD[name=value,…]. Lines with certificate may be added to one other method; a client must then satisfy both. plain[passwd=FILE,otp=FILE] asks for a one-time password of that users file after the password, or with otp alone instead of it; otp-window=N (0 to 20, 1 by default) is how many steps a token may be off the clock. pam[service=NAME,gid-min=N] asks PAM, by default the service "ocserv". radius[config=FILE] asks the servers of a configuration file of radcli or freeradius-client, and requires Message-Authenticator in the answers of servers on other machines unless the file says require-message-authenticator no (FreeRADIUS sends it by itself since 3.2.5); groupconfig=true takes the settings of sessions from them, nas-identifier=NAME names the server to them, group-separator=comma cuts lists of groups at commas. gssapi[…] with keytab=FILE, require-local-user-map=true, tgt-freshness-time=SECONDS and gid-min=N, each optional, takes Kerberos tickets (SPNEGO) for any service of the keytab, by default the system keytab, and needs libgssapi_krb5 of MIT Kerberos; the user is what auth_to_local of krb5.conf makes of the principal, or with require-local-user-map=false the principal itself; tgt-freshness-time refuses tickets whose owner gave the password longer ago. oidc[config=FILE] takes bearer tokens (JWT) of an OpenID provider in the Authorization header; see OPENID CONNECT.',
    example: 'plain[passwd=/etc/ocserv/ocpasswd]',
  }),
  'enable-auth': option(methods, {
    scope: ['global', 'vhost'],
    reload: false,
    summary: 'Alternative method that alone is sufficient to log in (OR with the auth set).',
    note: 'At most two. A virtual host may add its own without an auth of its own.',
  }),
  acct: option(accountingMethod, {
    scope: ['global', 'vhost'],
    reload: false,
    summary: 'Accounting method applied to sessions.',
    note: 'radius[config=FILE,nas-identifier=NAME], with any method of auth. Records that no server takes are kept under state-dir and sent later. pam asks the account check of the PAM service "ocserv" whenever a session opens.',
  }),
  'cert-user-oid': option(objectIdentifier, {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Certificate DN field that carries the user name.',
    note: 'Its first occurrence counts. SAN(rfc822name) takes the first mail address of the subjectAltName instead.',
    example: '0.9.2342.19200300.100.1.1',
  }),
  'cert-group-oid': option(objectIdentifier, {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Certificate DN field(s) that carry group names.',
    note: 'Every occurrence is a group. With a second method, the group of the session must be one of them.',
  }),
  'auth-timeout': option(count(240, { word: 'seconds' }), {
    scope: ['global'],
    reload: true,
    summary: 'Time a connection may stay unauthenticated.',
  }),
  'cookie-timeout': option(count(300, { word: 'seconds' }), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Validity of a session cookie after an unclean disconnect and before first use.',
  }),
  'persistent-cookies': option(flag(false), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Keep the cookie valid after explicit disconnect until it expires.',
  }),
  'deny-roaming': option(flag(false), {
    scope: ['global', 'vhost', 'user'],
    reload: true,
    summary: 'Bind a cookie to the IP address that obtained it.',
  }),
  'max-ban-score': option(count(80), {
    scope: ['global'],
    reload: true,
    summary: 'Points at which an address is banned.',
    note: '0 turns banning off.',
  }),
  'ban-time': option(count(300, { word: 'seconds' }), {
    scope: ['global'],
    reload: true,
    summary: 'How long a banned address stays banned.',
  }),
  'ban-reset-time': option(count(1200, { word: 'seconds' }), {
    scope: ['global'],
    reload: true,
    summary: 'Age after which the score of an address restarts from zero.',
  }),
  'ban-points-wrong-password': option(count(10), {
    scope: ['global'],
    reload: true,
    summary: 'Points added for a failed password.',
  }),
  'ban-points-connection': option(count(1), {
    scope: ['global'],
    reload: true,
    summary: 'Points added per TCP connection.',
  }),
  'ban-points-kkdcp': option(count(1), {
    scope: ['global'],
    reload: true,
    summary: 'Points added per KKDCP request.',
  }),
  camouflage: option(flag(false), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Answer like a plain web server unless the URL carries the secret.',
    note: 'Clients are given https://HOST/?SECRET. Whoever has it once on a connection, or a cookie that is valid, sees the VPN.',
  }),
  camouflage_secret: option(text(), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Secret query string that unlocks the VPN.',
    note: 'Never shown in a message.',
    secret: true,
  }),
  camouflage_realm: option(text(), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Realm of the fake 401; without it 404 is returned.',
  }),
} as const;

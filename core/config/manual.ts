// The manual page ocserv.conf(5) as Markdown, written from the option table: man/ocserv.conf.5.md. Called by
// generate.ts; man/build.ts turns the Markdown into roff.
import type { FormerRow, OptionRow, Scope } from './option.ts';
import { optionChapters } from './options.ts';
import { formerOptions } from './options/former.ts';
import { defaultText, remarks } from './sample.ts';

export interface ManualSection {
  readonly title: string;
  readonly markdown: string;
}

/** The chapters of the options, then the former names. */
export function manualSections(): readonly ManualSection[] {
  const chapters = optionChapters.map(({ title, rows }) => ({
    title,
    markdown: Object.entries<OptionRow<never>>(rows as never)
      .map(([name, row]) => `- \`${name}\`=*${escapeMarkup(row.kind.word)}*: ${describe(row)}`)
      .join('\n'),
  }));
  const formerNames = Object.entries<FormerRow>(formerOptions)
    .map(([name, row]) => `- \`${name}\`: ${escapeMarkup(row.summary)}`)
    .join('\n');
  return [...chapters, { title: 'Former names', markdown: formerNames }];
}

export function manualPage(): string {
  const sections = manualSections().map(({ title, markdown }) => `## ${title}\n\n${markdown}\n`);
  return `${introduction}\n${sections.join('\n')}\n${closing}`;
}

function describe(row: OptionRow<never>): string {
  const initial = row.shownDefault ?? defaultText(row);
  const parts = [
    escapeMarkup(row.summary),
    row.note === undefined ? undefined : escapeMarkup(row.note),
    initial === undefined ? undefined : `Default: \`${initial}\`.`,
    ...remarks(row),
    userScope(row.scope),
  ];
  return parts.filter((part) => part !== undefined).join(' ');
}

function userScope(scope: readonly Scope[]): string | undefined {
  if (!scope.includes('user')) return undefined;
  return scope.length === 1 ? 'Only in user and group files.' : 'Also in user and group files.';
}

function escapeMarkup(text: string): string {
  return text.replace(/[\\*_[\]<>`]/g, '\\$&');
}

const introduction = `# ocserv.conf(5) 2026-11-25 ocserv for Node.js

## Name

ocserv.conf - configuration of the OpenConnect VPN server

## Description

*ocserv*(8) reads */etc/ocserv/ocserv.conf*. A line is \`name = value\` or \`name : value\`; white space and double quotes around a value are dropped. Lines that begin with \`#\` or \`;\` are comments, and so is the rest of a line from a \`#\` after white space. An indented line is one more value of the option above it. A line has at most 2046 bytes.

Truth is \`true\` or \`yes\`, everything else is false. Numbers are decimal. Relative paths begin at the folder the server was started in. An option that may be repeated is a list; of the others the last line counts.

\`ocserv --test-config\` reports every mistake with file, line and column, and ends with status 1 if there is an error. An unknown option is a warning.

## Virtual hosts

A section \`[vhost:NAME]\` is for clients that ask for this name by SNI. It has every value of the top level, wherever in the file that stands, unless it sets its own; a list that it sets takes the place of the one at top level. \`[]\` goes back to the top level.

## User and group files

With \`config-per-group\` and \`config-per-user\`, the files named like the group and the user are read when a session is opened. They hold the options marked below. The user's value wins over the group's, the group's over the host's. Lists of both files are joined and take the place of the host's list. A file with a mistake refuses the session.
`;

const closing = `## OpenID Connect

The file of oidc\\[config=FILE\\] is a JSON object with these members:

- \`openid_configuration_url\`: The provider's discovery document, over https (http only on this machine itself). It and the keys are fetched at the start, when a token names an unknown key, and when the keys are more than an hour old. While the provider cannot be reached the known keys serve.
- \`user_name_claim\`: Claim that holds the user name, a text of at most 63 bytes.
- \`required_claims\`: Object of claims and the values they must have; where the token has a list, the value must be in it. Name at least "aud": without it every application of the provider can log in here. With "iss" it names the issuer; else that of the discovery document counts.
- \`minimum_jwk_refresh_time\`: Seconds between two fetches for the sake of unknown keys, 900 if absent.
- \`group_claim\`: Claim that holds the user's groups, a text or a list. Without it there are none, and a client that asks for one is refused.
- \`require_not_before\`: false accepts tokens without nbf; exp and iat they must always have.
- \`ca_file\`: PEM certificates of the authorities for the provider, in place of the system's.

Tokens must be signed with RSA, RSA-PSS, ECDSA or Ed25519, by a key that the header names with kid, and be of the type JWT or at+jwt. The clocks of the provider and of this machine must agree: there is no leeway. openconnect takes a token with \`--token-mode=oidc\`.

## Kerberos

A client that logs in with gssapi needs a ticket before it has a tunnel. With kkdcp it gets one through this server (MS-KKDCP), without a login and from nobody but the KDCs of these rows:

~~~
kkdcp = /KdcProxy EXAMPLE.COM tcp@kdc.example.com:88
kkdcp = /KdcProxy EXAMPLE.COM tcp@kdc2.example.com:88
~~~

MIT Kerberos is told in *krb5.conf* of the client, and needs its TLS plugin (Debian: krb5-k5tls):

~~~
[realms]
EXAMPLE.COM = {
  kdc = https://vpn.example.com/KdcProxy
  http_anchors = FILE:/etc/ssl/certs/ca-certificates.crt
}
~~~

Windows takes the same address from the policy "Specify KDC proxy servers for Kerberos clients". The realm that a client names must be one of the path; one that names none gets the first. Of several KDCs of a realm the next one is asked after three seconds. A request has at most 47 KiB and 20 seconds; 8 may be under way for one client address, 64 for one realm, 128 in all. Each costs ban-points-kkdcp. An answer that does not fit into a datagram is fetched over TCP. A row for port 464 serves changes of passwords.

## See also

*ocserv*(8), *occtl*(8), *ocpasswd*(8), *occert*(8)
`;

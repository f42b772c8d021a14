// Files that set up a phone: Apple's configuration profile with certificate and VPN in one, and the AnyConnect profile.
// Pure; called by `occert profile`.
import { createHash } from 'node:crypto';

function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');
}

/** Always the same for the same name, so that a new profile takes the place of the former one. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ]
    .join('-')
    .toUpperCase();
}

export interface PhoneProfile {
  readonly user: string;
  /** Host name or address, with ":port" if need be. */
  readonly server: string;
  /** DER. */
  readonly authority: Buffer;
  readonly pkcs12: Buffer;
}

type Value = string | number | Buffer | readonly Value[] | { readonly [key: string]: Value };

function plist(value: Value): string {
  if (typeof value === 'string') return `<string>${escapeXml(value)}</string>`;
  if (typeof value === 'number') return `<integer>${String(value)}</integer>`;
  if (Buffer.isBuffer(value)) return `<data>${value.toString('base64')}</data>`;
  if (Array.isArray(value)) return `<array>${(value as readonly Value[]).map(plist).join('')}</array>`;
  const entries = Object.entries(value as { readonly [key: string]: Value });
  return `<dict>${entries.map(([key, entry]) => `<key>${escapeXml(key)}</key>${plist(entry)}\n`).join('')}</dict>`;
}

/**
 * A .mobileconfig: the authority, the user's key, and a connection of the Cisco app that uses it. The device asks for the
 * password of the PKCS#12, which is not in the file.
 */
export function appleProfile({ user, server, authority, pkcs12 }: PhoneProfile): string {
  const id = `org.ocserv.vpn.${server}.${user}`;
  const payload = (type: string, name: string, more: Readonly<Record<string, Value>>): Value => ({
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: `${id}.${name}`,
    PayloadUUID: uuidOf(`${id}.${name}`),
    PayloadDisplayName: `VPN ${server}: ${name}`,
    ...more,
  });
  const document = payload('Configuration', 'profile', {
    PayloadDisplayName: `VPN ${server}`,
    PayloadContent: [
      payload('com.apple.security.root', 'authority', { PayloadContent: authority }),
      payload('com.apple.security.pkcs12', 'certificate', { PayloadContent: pkcs12 }),
      payload('com.apple.vpn.managed', 'connection', {
        UserDefinedName: `VPN ${server}`,
        VPNType: 'VPN',
        VPNSubType: 'com.cisco.anyconnect',
        VPN: {
          RemoteAddress: server,
          AuthName: user,
          AuthenticationMethod: 'Certificate',
          PayloadCertificateUUID: uuidOf(`${id}.certificate`),
        },
      }),
    ],
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    `<plist version="1.0">${plist(document)}</plist>`,
    '',
  ].join('\n');
}

/** The profile of Cisco's clients: one server that is shown by name. */
export function anyConnectProfile(server: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<AnyConnectProfile xmlns="http://schemas.xmlsoap.org/encoding/">
  <ClientInitialization>
    <UseStartBeforeLogon UserControllable="false">false</UseStartBeforeLogon>
    <AutomaticCertSelection UserControllable="true">true</AutomaticCertSelection>
    <AutoReconnect UserControllable="true">true
      <AutoReconnectBehavior UserControllable="true">ReconnectAfterResume</AutoReconnectBehavior>
    </AutoReconnect>
  </ClientInitialization>
  <ServerList>
    <HostEntry>
      <HostName>${escapeXml(server)}</HostName>
      <HostAddress>${escapeXml(server)}</HostAddress>
    </HostEntry>
  </ServerList>
</AnyConnectProfile>
`;
}

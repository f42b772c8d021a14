// A real OpenID provider (oidc-provider of the registry) as a program of its own, so that it can run in a namespace:
//   open-id-server.ts serve FOLDER     with a signing key made at the start, until it is ended
//   open-id-server.ts token FOLDER USER AUDIENCE   prints an access token for a user of it
// FOLDER holds open-id-cert.pem and open-id-key.pem of the name "localhost". Started by open-id.ts.
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import path from 'node:path';
import { exportJWK, generateKeyPair, calculateJwkThumbprint } from 'jose';
import { Provider } from 'oidc-provider';

export const openIdIssuer = 'https://localhost:9443';

const users = ['alice', 'bob'];
const [, , verb, folder = '', user = '', audience = ''] = process.argv;
const file = (name: string): Buffer => readFileSync(path.join(folder, name));

async function serve(): Promise<void> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  const provider = new Provider(openIdIssuer, {
    // Each user is a client that gets tokens for itself.
    clients: users.map((name) => ({
      client_id: name,
      client_secret: `${name}-secret`,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: '',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => ({
      preferred_username: 'clientId' in token ? token.clientId : undefined,
      groups: ['staff', 'vpn'],
    }),
    formats: {
      customizers: {
        jwt: (_context, _token, jwt) => {
          jwt.payload['nbf'] = jwt.payload['iat'];
        },
      },
    },
  });
  const handle = provider.callback();
  createServer(
    { key: file('open-id-key.pem'), cert: file('open-id-cert.pem') },
    (incoming, outgoing) => void handle(incoming, outgoing),
  ).listen(9443, '127.0.0.1', () => process.stdout.write('ready\n'));
}

function printToken(): void {
  const body = new URLSearchParams({ grant_type: 'client_credentials', resource: audience }).toString();
  const call = request(
    `${openIdIssuer}/token`,
    {
      method: 'POST',
      ca: file('open-id-cert.pem'),
      auth: `${user}:${user}-secret`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length },
    },
    (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => {
        const { access_token: token } = JSON.parse(text) as { access_token?: string };
        if (token === undefined) throw new Error(`no token: ${text}`);
        process.stdout.write(token);
      });
    },
  );
  call.end(body);
}

if (verb === 'serve') await serve();
if (verb === 'token') printToken();

// One TLS handshake of Node's client, which presents a certificate, with our own server side: what a worker records of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import {
  acceptTls,
  createTlsContext,
  listenTcp,
  type SignatureRequest,
  type TlsPolicy,
} from '../../core/native/index.ts';

const policy: TlsPolicy = {
  minVersion: '1.2',
  maxVersion: '1.3',
  cipherList: 'ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256',
  cipherSuites: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
  groups: 'P-384:X25519',
  signatureAlgorithms: '',
  serverPreference: true,
  extendedMasterSecret: true,
  encryptThenMac: false,
  securityLevel: 2,
};

export interface HandshakeOptions {
  /** PEM files. */
  readonly server: string;
  readonly keyId: string;
  readonly authorities: string;
  readonly client: { readonly certificate: string; readonly key: string };
  readonly sign: (request: SignatureRequest) => Promise<Buffer>;
  readonly connect?: tls.ConnectionOptions;
}

/** The messages up to the client's CertificateVerify. */
export async function recordHandshake(options: HandshakeOptions): Promise<Buffer> {
  const context = createTlsContext({
    certificates: [{ chain: readFileSync(options.server, 'utf8'), keyId: options.keyId }],
    policy,
    clientCertificate: 'request',
    clientAuthorities: readFileSync(options.authorities, 'utf8'),
    ocspResponse: Buffer.from('stapled'),
  });
  const secure = Promise.withResolvers<Buffer | undefined>();
  const listener = listenTcp({
    address: '127.0.0.1',
    port: 0,
    onConnection: (fd) => {
      const connection = acceptTls(fd, context, {
        selectContext: () => context,
        onSignature: options.sign,
        onSecure: ({ clientProof }) => {
          secure.resolve(clientProof);
          connection.end();
        },
        onData: () => undefined,
        onEnd: () => undefined,
        onClose: (error) => {
          secure.reject(error ?? new Error('closed'));
        },
      });
    },
  });
  const socket = tls.connect({
    port: listener.local.port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    cert: readFileSync(options.client.certificate),
    key: readFileSync(options.client.key),
    ...options.connect,
  });
  try {
    await once(socket, 'secureConnect');
    const proof = await secure.promise;
    assert.ok(proof !== undefined);
    return proof;
  } finally {
    socket.destroy();
    listener.close();
  }
}

// TLS of one client connection until its tunnel starts. Runs on the event loop of a worker; the private
// keys are elsewhere: a signature is asked for by `onSignature` and the handshake waits without a thread.
// Called by the worker; openTunnel takes a connection away from here. Checks arguments; the addon trusts them.
import process from 'node:process';
import { addon } from './addon.ts';

export interface TlsCertificate {
  /** PEM, leaf first. */
  readonly chain: string;
  /** Handed back in SignatureRequest. */
  readonly keyId: string;
}

/** What a priority string comes to in OpenSSL's words; made by core/protocol/priorities. */
export interface TlsPolicy {
  readonly minVersion: '1.0' | '1.1' | '1.2' | '1.3';
  readonly maxVersion: '1.0' | '1.1' | '1.2' | '1.3';
  /** TLS 1.2 and below, OpenSSL names joined by ":". */
  readonly cipherList: string;
  /** TLS 1.3 suites joined by ":"; empty = none. */
  readonly cipherSuites: string;
  readonly groups: string;
  readonly signatureAlgorithms: string;
  readonly serverPreference: boolean;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  readonly securityLevel: number;
}

export interface TlsContextOptions {
  readonly certificates: readonly TlsCertificate[];
  readonly policy: TlsPolicy;
  /** PEM of the authorities client certificates must come from. */
  readonly clientAuthorities?: string;
  readonly clientCertificate: 'none' | 'request' | 'require';
  /** DER, stapled as it is. */
  readonly ocspResponse?: Buffer;
  readonly dhParameters?: string;
}

/** Immutable; replaced as a whole on reload. Closed by the garbage collector or close(). */
export interface TlsContext {
  close(): void;
}
export interface SignatureRequest {
  readonly keyId: string;
  /** TLS SignatureScheme (RFC 8446, 4.2.3); TLS 1.2 pairs are given as the same numbers. */
  readonly scheme: number;
  /** Everything the signature covers, not hashed. */
  readonly input: Buffer;
}

export interface TlsFacts {
  readonly version: string;
  /** OpenSSL's name, e.g. TLS_AES_256_GCM_SHA384. */
  readonly cipher: string;
  /** GnuTLS-style, e.g. (TLS1.3)-(ECDHE-SECP256R1)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM). */
  readonly description: string;
  readonly serverName: string | undefined;
  /** RFC 5746 was offered, or TLS 1.3. */
  readonly safeRenegotiation: boolean;
  /**
   * The client presented a certificate that verified: the messages of the handshake, both ways in their order,
   * up to its CertificateVerify (RFC 8446, 4.4.3; RFC 5246, 7.4.8).
   */
  readonly clientProof: Buffer | undefined;
}

export interface TlsConnectionEvents {
  /** Which context serves this name; called while the ClientHello is processed. */
  selectContext(serverName: string | undefined): TlsContext;
  onSignature(request: SignatureRequest): Promise<Buffer>;
  onSecure(facts: TlsFacts): void;
  onData(bytes: Buffer): void;
  /** The peer's close_notify or end of stream. */
  onEnd(): void;
  /**
   * Final; with the handshake's or socket's error if one ended it. sawBytes = the client sent anything at all.
   * clientProof, as far as it came: the handshake failed after the client had answered the question for a certificate.
   */
  onClose(error: Error | undefined, sawBytes: boolean, clientProof: Buffer | undefined): void;
}

export interface TlsConnection {
  /** Queues application data, one record per call for calls up to 16 KiB. */
  write(bytes: Uint8Array): void;
  readonly writableLength: number;
  pause(): void;
  resume(): void;
  /** Flushes, sends close_notify, closes. */
  end(): void;
  /**
   * As end(), for a refusal. libssl has no call that sends an alert of our choice, so that the client sees
   * close_notify where the protocol has a fatal one (49 = access_denied); the HTTP status tells it why.
   */
  abort(alert: number): void;
  close(): void;
  /** MSS-derived path MTU of the TCP connection (TCP_INFO), 0 if unknown. */
  pathMtu(): number;
}

interface RawConnection extends TlsConnection {
  giveSignature(signature: Uint8Array | undefined): void;
}
interface RawTls {
  TlsContext: new (options: TlsContextOptions) => TlsContext;
  TlsConnection: new (
    fd: number,
    context: TlsContext,
    events: Omit<TlsConnectionEvents, 'onSignature'> & { onSignature(request: SignatureRequest): void },
  ) => RawConnection;
}
const raw = addon as RawTls;

/** More than any RSA key signs. */
const maxSignatureBytes = 4096;

/** Throws with a message that names what OpenSSL refused (certificate, cipher list, group …). */
export function createTlsContext(options: TlsContextOptions): TlsContext {
  if (options.certificates.length === 0) throw new TypeError('a TLS context needs a certificate');
  if (options.clientCertificate !== 'none' && options.clientAuthorities === undefined) {
    throw new TypeError('client certificates need the authorities they come from');
  }
  return new raw.TlsContext(options);
}

/** An exception of a callback must not unwind into the addon: it becomes an uncaught one. */
function guarded<Arguments extends unknown[], Result>(
  callback: (...values: Arguments) => Result,
): (...values: Arguments) => Result | undefined {
  return (...values) => {
    try {
      return callback(...values);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
      return undefined;
    }
  };
}

/**
 * Takes over a connected TCP socket as TLS server. A rejected onSignature fails the handshake. A signature of the
 * wrong form fails it too; a wrong one is noticed by the client.
 */
export function acceptTls(fd: number, context: TlsContext, events: TlsConnectionEvents): TlsConnection {
  if (!Number.isInteger(fd) || fd < 0) throw new RangeError(`fd: expected a descriptor, found ${String(fd)}`);
  const connection: RawConnection = new raw.TlsConnection(fd, context, {
    // What is returned is checked in the addon: anything but an open context fails the handshake.
    selectContext: guarded((serverName: string | undefined) => events.selectContext(serverName)) as (
      serverName: string | undefined,
    ) => TlsContext,
    onSignature(request) {
      // Never answered within the call: the handshake is in the middle of its job.
      Promise.resolve()
        .then(() => events.onSignature(request))
        .then(
          (signature) => {
            const isUsable = signature.length > 0 && signature.length <= maxSignatureBytes;
            connection.giveSignature(isUsable ? signature : undefined);
          },
          () => {
            connection.giveSignature(undefined);
          },
        );
    },
    onSecure: guarded((facts: TlsFacts) => {
      events.onSecure(facts);
    }),
    onData: guarded((bytes: Buffer) => {
      events.onData(bytes);
    }),
    onEnd: guarded(() => {
      events.onEnd();
    }),
    onClose: guarded((error: Error | undefined, sawBytes: boolean, clientProof: Buffer | undefined) => {
      events.onClose(error, sawBytes, clientProof);
    }),
  });
  return connection;
}

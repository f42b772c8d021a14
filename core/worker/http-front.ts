// HTTP before the tunnel, on Node's own parser over decrypted bytes. Called by connection.ts.
//   1. receive() refuses bytes that come while an answer is due (pipelining) and starts the request's deadline;
//   2. the parser sees them; head and body are checked against the limits;
//   3. the handler answers with finished bytes, which go to the TLS connection as one write;
//   4. CONNECT ends HTTP: the handler gets what followed its head and the connection for itself.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { TlsConnection } from '../native/index.ts';
import { bodyLimitBytes, type HeaderLookup } from '../protocol/index.ts';
import {
  accessDeniedAlert,
  headerLimitBytes,
  lingerMs,
  requestDeadlineMs,
  requestLimit,
  targetLimitBytes,
} from './limits.ts';
import { TlsDuplex } from './tls-duplex.ts';

export interface HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly minorVersion: 0 | 1;
  /** Headers of this and earlier requests of the connection; the last value wins. Authorization: of this one alone. */
  readonly header: HeaderLookup;
  readonly body: Buffer;
}

export interface HttpAnswer {
  readonly bytes: Buffer;
  /** refuse: an access_denied alert follows instead of close_notify. */
  readonly then: 'keep' | 'close' | 'refuse';
}

export interface HttpHandlers {
  onRequest(request: HttpRequest): Promise<HttpAnswer>;
  /** The connection is paused and the handler's; `early` is what the client sent after the head. */
  onConnect(request: HttpRequest, early: Buffer): void;
  /** The client broke a rule; the connection is being closed with these words, if there are any. */
  onViolation(rule: string): Buffer | undefined;
}

/** One per worker. */
export class HttpFront {
  readonly #server: Server;
  readonly #conversations = new WeakMap<object, Conversation>();

  constructor() {
    this.#server = createServer({
      // The exact limit is ours, counted without the request line.
      maxHeaderSize: headerLimitBytes + 4096,
      requireHostHeader: false,
      insecureHTTPParser: false,
    });
    this.#server.maxHeadersCount = 0;
    const onRequest = (message: IncomingMessage): void => {
      this.#conversations.get(message.socket)?.takeRequest(message);
    };
    this.#server.on('request', onRequest);
    // "Expect" is neither answered nor obeyed.
    this.#server.on('checkContinue', onRequest);
    this.#server.on('checkExpectation', onRequest);
    this.#server.on('connect', (message, stream, head) => {
      this.#conversations.get(stream)?.takeConnect(message, head);
    });
    this.#server.on('clientError', (error: Error & { code?: string; reason?: string }, stream) => {
      this.#conversations.get(stream)?.violate(`malformed request: ${inWords(error)}`);
    });
  }

  converse(connection: TlsConnection, handlers: HttpHandlers): Conversation {
    const stream = new TlsDuplex(connection);
    const conversation = new Conversation(connection, stream, handlers);
    this.#conversations.set(stream, conversation);
    stream.on('error', () => conversation.close());
    this.#server.emit('connection', stream);
    return conversation;
  }
}

/** What the parser says of a request: its reason, which quotes nothing of the client's, else its code. */
function inWords({ code, reason }: { readonly code?: string; readonly reason?: string }): string {
  return reason === undefined || reason === ''
    ? (code ?? 'unknown')
    : reason.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

type Phase = 'reading' | 'answering' | 'connected' | 'closed';

export class Conversation {
  readonly #connection: TlsConnection;
  readonly #stream: TlsDuplex;
  readonly #handlers: HttpHandlers;
  readonly #headers = new Map<string, string>();
  #phase: Phase = 'reading';
  #requests = 0;
  #message: IncomingMessage | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(connection: TlsConnection, stream: TlsDuplex, handlers: HttpHandlers) {
    this.#connection = connection;
    this.#stream = stream;
    this.#handlers = handlers;
  }

  receive(bytes: Buffer): void {
    if (this.#phase === 'answering') this.violate('pipelined request');
    if (this.#phase === 'closed') return;
    if (this.#phase === 'reading' && this.#deadline === undefined) {
      this.#deadline = setTimeout(() => this.violate('slow request'), requestDeadlineMs);
    }
    this.#stream.receive(bytes);
  }

  receiveEnd(): void {
    if (this.isInRequest) return this.violate('the request ends in the middle');
    if (this.#phase === 'reading') this.#finish(() => this.#connection.end());
  }

  /** Bytes of a request have come, and more must follow. */
  get isInRequest(): boolean {
    return this.#phase === 'reading' && this.#deadline !== undefined;
  }

  /** Stops everything; the TLS connection itself is closed by whoever owns it. Safe to call twice. */
  close(): void {
    clearTimeout(this.#deadline);
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#stream.detach();
    this.#stream.destroy();
  }

  violate(rule: string): void {
    if (this.#phase === 'closed' || this.#phase === 'connected') return;
    const lastWords = this.#handlers.onViolation(rule);
    if (lastWords !== undefined) this.#connection.write(lastWords);
    this.#finish(() => this.#connection.end());
  }

  /** Last words after CONNECT was refused. */
  refuse(bytes: Buffer): void {
    if (this.#phase === 'closed') return;
    this.#connection.write(bytes);
    this.#finish(() => this.#connection.abort(accessDeniedAlert));
  }

  takeRequest(message: IncomingMessage): void {
    if (this.#phase === 'closed') return;
    if (this.#message !== undefined) return this.violate('pipelined request');
    this.#message = message;
    if (!this.#acceptHead(message)) return;
    const chunks: Buffer[] = [];
    let length = 0;
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > bodyLimitBytes) this.violate('body too long');
      else chunks.push(chunk);
    });
    message.on('end', () => {
      if (this.#phase === 'reading') void this.#answer(message, Buffer.concat(chunks));
    });
    message.on('error', () => undefined);
  }

  takeConnect(message: IncomingMessage, head: Buffer): void {
    if (this.#phase === 'closed') return;
    if (this.#message !== undefined) return this.violate('pipelined request');
    if (!this.#acceptHead(message)) return;
    clearTimeout(this.#deadline);
    this.#phase = 'connected';
    this.#stream.detach();
    // A paused stream may still hold what arrived behind the head.
    const buffered = this.#stream.read() as Buffer | null;
    const early = Buffer.concat(buffered === null ? [head] : [head, buffered]);
    this.#handlers.onConnect(this.#request(message, Buffer.alloc(0)), early);
  }

  #acceptHead(message: IncomingMessage): boolean {
    this.#requests += 1;
    if (message.httpVersionMajor !== 1) return this.#refuseHead('unknown HTTP version');
    if (this.#requests > requestLimit) return this.#refuseHead('too many requests');
    if (Buffer.byteLength(message.url ?? '', 'latin1') > targetLimitBytes)
      return this.#refuseHead('target too long');
    const { rawHeaders } = message;
    if (rawHeaders.reduce((sum, text) => sum + text.length, 0) > headerLimitBytes) {
      return this.#refuseHead('headers too long');
    }
    if (Number(message.headers['content-length'] ?? 0) > bodyLimitBytes)
      return this.#refuseHead('body too long');
    // Credentials count for the request they came with, and are kept no longer.
    this.#headers.delete('authorization');
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const value = rawHeaders[index + 1] ?? '';
      if (value !== '') this.#headers.set((rawHeaders[index] ?? '').toLowerCase(), value);
    }
    return true;
  }

  #refuseHead(rule: string): false {
    this.violate(rule);
    return false;
  }

  #request(message: IncomingMessage, body: Buffer): HttpRequest {
    return {
      method: message.method ?? '',
      target: message.url ?? '',
      minorVersion: message.httpVersionMinor === 0 ? 0 : 1,
      header: (name) => this.#headers.get(name),
      body,
    };
  }

  async #answer(message: IncomingMessage, body: Buffer): Promise<void> {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#phase = 'answering';
    const answer = await this.#handlers.onRequest(this.#request(message, body)).catch(() => undefined);
    this.#headers.delete('authorization');
    if ((this.#phase as Phase) === 'closed') return;
    if (answer === undefined) return this.violate('internal failure');
    this.#connection.write(answer.bytes);
    if (answer.then === 'refuse') return this.#finish(() => this.#connection.abort(accessDeniedAlert));
    // After "Connection: close" the parser takes no further request.
    const isLast = message.httpVersionMinor === 0 || /\bclose\b/i.test(message.headers.connection ?? '');
    if (answer.then === 'close' || isLast) {
      return this.#finish(() => this.#connection.end());
    }
    this.#message = undefined;
    this.#phase = 'reading';
  }

  #finish(leave: () => void): void {
    this.close();
    leave();
    setTimeout(() => this.#connection.close(), lingerMs).unref();
  }
}

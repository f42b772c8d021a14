// A light client of the login protocol, for tests with many logins at once or with one that ends in the middle: requests
// one after the other over a TLS socket, and what came back. What a person sees is tested with openconnect.
import type { TLSSocket } from 'node:tls';

export interface HttpReply {
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  readonly body: string;
  /** Of a login that succeeded. */
  readonly cookie: string | undefined;
}

const prolog = '<?xml version="1.0" encoding="UTF-8"?>';
const tunnelTarget = '/CSCOSSLC/tunnel';

export class LoginDialogue {
  readonly socket: TLSSocket;
  #text = '';
  #hasEnded = false;
  #wake: () => void = () => undefined;

  /** The handshake may still be under way. */
  constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    for (const event of ['end', 'error', 'close']) {
      socket.on(event, () => {
        this.#hasEnded = true;
        this.#wake();
      });
    }
  }

  /** How every dialogue begins: what the server asks for, or a refusal. Undefined: the connection has ended. */
  begin(): Promise<HttpReply | undefined> {
    const body = `${prolog}<config-auth client="vpn" type="init"><version who="vpn">v9.12</version></config-auth>`;
    return this.#exchange('POST / HTTP/1.1', [], body);
  }

  /** User and password, or an answer to a later question, as `{ secondary_password: … }`. */
  reply(fields: Readonly<Record<string, string>>): Promise<HttpReply | undefined> {
    return this.#exchange('POST /auth HTTP/1.1', [], replyBody(fields));
  }

  /** The same without waiting for what the server says; `bytes` of it, all unless told. */
  sendReply(fields: Readonly<Record<string, string>>, bytes?: number): void {
    const request = requestOf('POST /auth HTTP/1.1', [], replyBody(fields));
    this.socket.write(request.slice(0, bytes), 'latin1');
  }

  connect(cookie: string): Promise<HttpReply | undefined> {
    return this.#exchange(`CONNECT ${tunnelTarget} HTTP/1.1`, connectHeaders(cookie));
  }

  sendConnect(cookie: string): void {
    this.socket.write(requestOf(`CONNECT ${tunnelTarget} HTTP/1.1`, connectHeaders(cookie)), 'latin1');
  }

  /** Ends the tunnel and its session, as openconnect does at the end. */
  leave(): void {
    const reason = Buffer.concat([Buffer.from([0xb0]), Buffer.from('the test is over')]);
    const header = Buffer.from([0x53, 0x54, 0x46, 1, 0, reason.length, 5, 0]);
    this.socket.end(Buffer.concat([header, reason]));
  }

  async #exchange(line: string, headers: readonly string[], body = ''): Promise<HttpReply | undefined> {
    this.socket.write(requestOf(line, headers, body), 'latin1');
    for (;;) {
      const reply = this.#take();
      if (reply !== undefined || this.#hasEnded) return reply;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #take(): HttpReply | undefined {
    const end = this.#text.indexOf('\r\n\r\n') + 4;
    if (end < 4) return undefined;
    const head = this.#text.slice(0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#text.length < end + length) return undefined;
    const body = this.#text.slice(end, end + length);
    this.#text = this.#text.slice(end + length);
    const cookie = /^Set-Cookie: webvpn=([^;\s]+)/im.exec(head)?.[1];
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body, cookie };
  }
}

function requestOf(line: string, headers: readonly string[], body = ''): string {
  const lines = [line, 'Host: vpn.test', 'User-Agent: AnyConnect Linux_64 4.10', ...headers];
  const length = body === '' ? [] : [`Content-Length: ${String(Buffer.byteLength(body))}`];
  return [...lines, ...length, '', ''].join('\r\n') + body;
}

function connectHeaders(cookie: string): string[] {
  return [`Cookie: webvpn=${cookie}`, 'X-CSTP-Version: 1', 'X-CSTP-Address-Type: IPv4'];
}

/** Values are those of tests: nothing to escape. */
function replyBody(fields: Readonly<Record<string, string>>): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `${prolog}<config-auth client="vpn" type="auth-reply"><auth>${elements.join('')}</auth></config-auth>`;
}

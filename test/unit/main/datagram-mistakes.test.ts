import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatagramMistakes } from '../../../core/main/datagram-mistakes.ts';
import type { Logger } from '../../../core/system/index.ts';

function collect(): { lines: string[]; mistakes: DatagramMistakes } {
  const lines: string[] = [];
  const loggerOf = (component: string): Logger => {
    const write = (text: string): void => void lines.push(`${component} ${text}`);
    return {
      error: write,
      warning: write,
      notice: write,
      info: write,
      debug: write,
      child: (options) => loggerOf(options.component),
      isWritten: () => true,
      setLevel: () => undefined,
      flush: () => undefined,
    };
  };
  return { lines, mistakes: new DatagramMistakes(loggerOf('main:')) };
}

test('a mistake of an address is told once, then counted and summed up', () => {
  const { lines, mistakes } = collect();
  for (let port = 1; port <= 5; port++) mistakes.tell({ address: '192.0.2.1', port }, 'not DTLS');
  mistakes.tell({ address: '192.0.2.1', port: 9 }, 'too short');
  mistakes.tell({ address: '2001:db8::1', port: 9 }, 'not DTLS');
  mistakes.flush();
  mistakes.flush();
  mistakes.tell({ address: '192.0.2.1', port: 1 }, 'not DTLS');
  mistakes.flush();
  assert.deepEqual(lines, [
    'main:192.0.2.1:1 ignored a datagram: not DTLS',
    'main:192.0.2.1:9 ignored a datagram: too short',
    'main:[2001:db8::1]:9 ignored a datagram: not DTLS',
    'main: ignored 4 more datagrams, the last from 192.0.2.1 port 5',
    'main:192.0.2.1:1 ignored a datagram: not DTLS',
  ]);
});

test('a flood from many forged addresses does not fill the log', () => {
  const { lines, mistakes } = collect();
  for (let host = 0; host < 10_000; host++) {
    mistakes.tell({ address: `10.${String(host >> 8)}.${String(host & 255)}.1`, port: 7 }, 'not DTLS');
  }
  mistakes.flush();
  assert.equal(lines.length, 257);
  assert.equal(lines.at(-1), 'main: ignored 9744 more datagrams, the last from 10.39.15.1 port 7');
});

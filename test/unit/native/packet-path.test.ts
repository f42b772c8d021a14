// Compiles the plain C++ library of the packet path with its test programs under sanitizers and runs them. Needs a
// compiler; the programs that need OpenSSL also its development files.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import {
  buildProgram,
  noCompiler,
  noOpenssl,
  openssl,
  runProgram,
  type Sanitizer,
} from '../../support/native-program.ts';

const folder = path.join(import.meta.dirname, 'packet-path');
const packetPath = ['compress', 'tunnel', 'flow', 'udp', 'dtls', 'cstp', 'tun', 'ip'];
/** Exit code of a program that needs a network namespace and cannot make one. */
const cannotRun = 77;

const programs: readonly {
  readonly name: string;
  readonly library: readonly string[];
  readonly usesOpenssl: boolean;
  readonly behaviour: string;
}[] = [
  {
    name: 'cut-and-join',
    library: ['tun', 'ip'],
    usesOpenssl: false,
    behaviour: 'super-packets are cut and segments joined without losing or changing a byte',
  },
  {
    name: 'cut-and-join-rules',
    library: ['tun', 'ip'],
    usesOpenssl: false,
    behaviour: 'segments are joined by the rules, never with a bad checksum, and order inside a flow stays',
  },
  {
    name: 'state',
    library: [],
    usesOpenssl: false,
    behaviour: 'replay window, MTU search, rate limit and frames give the listed verdicts',
  },
  {
    name: 'udp-batches',
    library: ['udp'],
    usesOpenssl: true,
    behaviour: 'batches of datagrams arrive whole with each trick on and off, on a short path too',
  },
  {
    name: 'records',
    library: ['dtls'],
    usesOpenssl: true,
    behaviour: 'our DTLS records and those of OpenSSL open each other, damaged ones never',
  },
  {
    name: 'compression',
    library: ['compress'],
    usesOpenssl: false,
    behaviour: 'LZS and LZ4 give packets back whole, and keep to their room whatever they are given',
  },
  {
    name: 'tls-session',
    library: ['tls', 'cstp'],
    usesOpenssl: true,
    behaviour: 'a TLS handshake may be dropped, refused, damaged or handed over at every step',
  },
  {
    name: 'hostile-frames',
    library: packetPath,
    usesOpenssl: true,
    behaviour: 'frames, packets and records that lie end at most their own tunnel; sound ones all pass',
  },
  {
    name: 'tunnel-states',
    library: packetPath,
    usesOpenssl: true,
    behaviour: 'a tunnel goes on with full descriptors, slow clients, used-up record numbers, stale flights',
  },
];

for (const { name, library, usesOpenssl, behaviour } of programs) {
  test(behaviour, { skip: usesOpenssl ? noOpenssl : noCompiler }, async () => {
    const program = await buildProgram({
      folder,
      sources: [name],
      library,
      sanitizer: 'address',
      libraries: usesOpenssl ? openssl : [],
    });
    assert.match(await runProgram(program), /, 0 failed\n$/);
  });
}

test(
  'the kernel cuts as we do, and what we join into what came',
  { skip: noCompiler || (process.getuid?.() === 0 ? false : 'needs root for a tun device') },
  async (t) => {
    const program = await buildProgram({
      folder,
      sources: ['kernel-tun'],
      library: ['tun', 'ip'],
      sanitizer: 'address',
    });
    try {
      assert.match(await runProgram(program), /, 0 failed\n$/);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === cannotRun) t.skip('no tun device here');
      else throw error;
    }
  },
);

/** The thread sanitizer cannot follow the asynchronous jobs of our TLS handshake; there the test's own is used. */
const loads: readonly { readonly sanitizer: Sanitizer; readonly library: readonly string[] }[] = [
  { sanitizer: 'address', library: [...packetPath, 'tls'] },
  { sanitizer: 'thread', library: packetPath },
];
for (const { sanitizer, library } of loads) {
  test(
    `sessions under load, with every trick and with none, give the ${sanitizer} sanitizer nothing to say`,
    { skip: noOpenssl },
    async () => {
      const program = await buildProgram({
        folder,
        sources: ['tunnel-load'],
        library,
        sanitizer,
        libraries: openssl,
      });
      for (const words of [['2500'], ['1500', 'plain']]) {
        assert.match(await runProgram(program, words), /, 0 failed\n$/);
      }
    },
  );
}

// Compiles the plain C++ library of the packet path with its test programs under sanitizers and runs them. Needs a
// compiler; the programs that need OpenSSL also its development files.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { buildProgram, noCompiler, noOpenssl, openssl, runProgram } from '../../support/native-program.ts';

const folder = path.join(import.meta.dirname, 'packet-path');
const packetPath = ['tunnel', 'flow', 'udp', 'dtls', 'cstp', 'tun', 'ip'];

test(
  'super-packets are cut and segments joined without losing or changing a byte',
  { skip: noCompiler },
  async () => {
    const program = await buildProgram({
      folder,
      sources: ['cut-and-join'],
      library: ['tun', 'ip'],
      sanitizer: 'address',
    });
    assert.match(await runProgram(program), /, 0 failed\n$/);
  },
);

test(
  'replay window, MTU search, rate limit and frames give the listed verdicts',
  { skip: noCompiler },
  async () => {
    const program = await buildProgram({ folder, sources: ['state'], library: [], sanitizer: 'address' });
    assert.match(await runProgram(program), /, 0 failed\n$/);
  },
);

test(
  'our DTLS records and those of OpenSSL open each other, damaged ones never',
  { skip: noOpenssl },
  async () => {
    const program = await buildProgram({
      folder,
      sources: ['records'],
      library: ['dtls'],
      sanitizer: 'address',
      libraries: openssl,
    });
    assert.match(await runProgram(program), /, 0 failed\n$/);
  },
);

test(
  'a tunnel whose descriptors take nothing, whose client is slow or whose record numbers end goes on as it should',
  { skip: noOpenssl },
  async () => {
    const program = await buildProgram({
      folder,
      sources: ['tunnel-states'],
      library: packetPath,
      sanitizer: 'address',
      libraries: openssl,
    });
    assert.match(await runProgram(program), /, 0 failed\n$/);
  },
);

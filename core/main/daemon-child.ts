// The background process: gets its options on descriptor 3, runs the server, says "ready" there, and from then on
// has nothing to do with the terminal.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { serveHere, type RunOptions } from './index.ts';

const parentPipe = 3;

function readOptions(): RunOptions {
  return JSON.parse(readFileSync(parentPipe, 'utf8')) as RunOptions;
}

process.exit(
  await serveHere(readOptions(), {
    isReady() {
      writeSync(parentPipe, 'ready\n');
      closeSync(parentPipe);
      // The lowest free descriptor is taken: this puts /dev/null in the place of standard error.
      closeSync(2);
      openSync('/dev/null', 'w');
    },
  }),
);

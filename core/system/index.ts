// What every room may need of the machine.
export { replaceFileAtomically, type ReplaceOptions } from './atomic-file.ts';
export { cutToBytes, escapeText } from './escape.ts';
export { findProgram } from './find-program.ts';
export { makeFolder } from './folder.ts';
export { mainPrefix, secmodPrefix, workerPrefix, type ClientOfLine } from './log-prefix.ts';
export { createLogger, type Destinations, type Logger, type LoggerOptions, type Severity } from './logger.ts';
export { surviveLostOutput } from './lost-output.ts';
export { collectWhenQuiet, type QuietCollection } from './quiet-collection.ts';
export { Secret } from './secret.ts';

// The one logger. main, secmod and workers make one each and derive children for a client with its prefix.
//
// The path of a line:
//   1. dropped if the level does not ask for it;
//   2. control characters escaped, text cut at 511 bytes, prefix put in front (as the C program does);
//   3. the same line again and again is written a few times, then counted and summed up, so that nobody
//      fills the disk; the first ones are written in full because fail2ban counts lines;
//   4. handed to every destination.
import { cutToBytes, escapeControls } from './escape.ts';

export type Severity = 'error' | 'warning' | 'notice' | 'info' | 'debug';

/** The C program's limit of a message, without its prefix. */
const MAX_TEXT_BYTES = 511;
/** Of one line within the window; more than any fail2ban `maxretry` in use. */
const MAX_REPEATS = 20;
const REPEAT_WINDOW_MS = 60_000;
/** Different lines remembered; beyond this the oldest is forgotten. */
const MAX_REMEMBERED_LINES = 256;

/** Log levels of the configuration: 0 and 1 errors, warnings, notices; 2 adds info; 3 and more add debug. */
const LEVEL_OF: Readonly<Record<Severity, number>> = { error: 0, warning: 0, notice: 0, info: 2, debug: 3 };

export interface Destinations {
  readonly stderr?: boolean | undefined;
  /** The addon's function, handed in. With stderr as well, its lines carry `ocserv[PID]: ` there, too. */
  readonly syslog?: ((severity: Severity, line: string) => void) | undefined;
}

export interface Logger {
  error(text: string): void;
  warning(text: string): void;
  notice(text: string): void;
  info(text: string): void;
  debug(text: string): void;
  /** The same destinations and level with another prefix. */
  child(options: { readonly component: string }): Logger;
  /** Would a message of this severity be written? For texts that are expensive to make. */
  isWritten(severity: Severity): boolean;
  /** For all children as well; a reload may change it. */
  setLevel(level: number): void;
  /** Writes the sums of repeated lines; before the process ends. */
  flush(): void;
}

export interface LoggerOptions {
  /** What lines start with: made by mainPrefix, workerPrefix, secmodPrefix; a bare word gets its colon. */
  readonly component: string;
  /** `log-level` of the configuration, 0 to 9. */
  readonly level: number;
  readonly destinations: Destinations;
  readonly now?: () => number;
}

export function createLogger(options: LoggerOptions): Logger {
  return loggerOf(new Sink(options.level, options.destinations, options.now ?? Date.now), options.component);
}

function loggerOf(sink: Sink, component: string): Logger {
  const prefix = /^[a-z-]+$/.test(component) ? `${component}:` : component;
  const at =
    (severity: Severity) =>
    (text: string): void => {
      sink.log(severity, prefix, text);
    };
  return {
    error: at('error'),
    warning: at('warning'),
    notice: at('notice'),
    info: at('info'),
    debug: at('debug'),
    child: (options) => loggerOf(sink, options.component),
    isWritten: (severity) => sink.isWritten(severity),
    setLevel: (level) => {
      sink.level = level;
    },
    flush: () => {
      sink.flush();
    },
  };
}

interface Remembered {
  readonly severity: Severity;
  readonly since: number;
  written: number;
  suppressed: number;
}

/** What a logger and its children share. */
class Sink {
  level: number;
  readonly #destinations: Destinations;
  readonly #identity: string;
  readonly #now: () => number;
  readonly #lines = new Map<string, Remembered>();
  #timer: NodeJS.Timeout | undefined;

  constructor(level: number, destinations: Destinations, now: () => number) {
    this.level = level;
    this.#destinations = destinations;
    this.#identity = destinations.syslog === undefined ? '' : `ocserv[${String(process.pid)}]: `;
    this.#now = now;
  }

  isWritten(severity: Severity): boolean {
    return this.level >= LEVEL_OF[severity];
  }

  log(severity: Severity, component: string, text: string): void {
    if (!this.isWritten(severity)) return;
    const line = `${component} ${cutToBytes(escapeControls(text.toWellFormed()), MAX_TEXT_BYTES)}`;
    const now = this.#now();
    this.#forget(now);
    const remembered = this.#lines.get(line);
    if (remembered === undefined) {
      this.#lines.set(line, { severity, since: now, written: 1, suppressed: 0 });
      const oldest = this.#lines.size > MAX_REMEMBERED_LINES ? this.#lines.keys().next().value : undefined;
      if (oldest !== undefined) this.#drop(oldest);
    } else if (remembered.written < MAX_REPEATS) {
      remembered.written += 1;
    } else {
      remembered.suppressed += 1;
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#forget(this.#now());
      }, REPEAT_WINDOW_MS + 1000).unref();
      return;
    }
    this.#write(severity, line);
  }

  flush(): void {
    for (const line of [...this.#lines.keys()]) this.#drop(line);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Lines are in the order of their first time. */
  #forget(now: number): void {
    for (const [line, { since }] of this.#lines) {
      if (now - since < REPEAT_WINDOW_MS) return;
      this.#drop(line);
    }
  }

  #drop(line: string): void {
    const remembered = this.#lines.get(line);
    this.#lines.delete(line);
    if (remembered === undefined || remembered.suppressed === 0) return;
    this.#write(remembered.severity, `${line} (repeated ${String(remembered.suppressed)} more times)`);
  }

  #write(severity: Severity, line: string): void {
    this.#destinations.syslog?.(severity, line);
    if (this.#destinations.stderr === true) process.stderr.write(`${this.#identity}${line}\n`);
  }
}

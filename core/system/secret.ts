// A password, key, cookie or token in the hands of code that must not show it: it prints as three asterisks in
// strings, JSON, logs and inspection. Used by secmod and by commands that read passwords.
import { inspect } from 'node:util';

const SHOWN = '***';

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself; call it where the value is used and nowhere else. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}

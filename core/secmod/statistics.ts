// What the security module counts, since its start.

export class AuthStatistics {
  #failures = 0;
  #logins = 0;
  #totalSeconds = 0;
  #maxSeconds = 0;

  /** Every failed attempt, not only the last of a login. */
  failed(): void {
    this.#failures += 1;
  }

  /** `seconds` from the beginning of the login to its success. */
  authenticated(seconds: number): void {
    this.#logins += 1;
    this.#totalSeconds += seconds;
    this.#maxSeconds = Math.max(this.#maxSeconds, seconds);
  }

  get authenticationFailures(): number {
    return this.#failures;
  }

  get averageAuthSeconds(): number {
    return this.#logins === 0 ? 0 : Math.round(this.#totalSeconds / this.#logins);
  }

  get maxAuthSeconds(): number {
    return Math.round(this.#maxSeconds);
  }
}

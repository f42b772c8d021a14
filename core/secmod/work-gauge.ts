// How much work of the processor the security module has before it: password checks and signatures that were asked for
// and are not done. Main slows down accepting by it (rate-limit-ms). Owned by security-module.ts.

export class WorkGauge {
  #pending = 0;

  get pending(): number {
    return this.#pending;
  }

  async count<T>(work: Promise<T>): Promise<T> {
    this.#pending += 1;
    try {
      return await work;
    } finally {
      this.#pending -= 1;
    }
  }
}

// rate-limit-ms: while the security module is behind with its work, accepting pauses after a connection; clients wait in
// the kernel's backlog, those that are connected do not notice. Called by server.ts with every connection.

/** Password checks and signatures that may wait for the security module; more than half is too much. */
const backlogLength = 64;

export interface BrakeSurroundings {
  /** 0 = off. */
  readonly pauseMs: () => number;
  /** What waits for the security module. Rejects when it does not say so in time. */
  readonly backlog: () => Promise<number>;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly log: (text: string) => void;
}

export class AcceptBrake {
  readonly #around: BrakeSurroundings;
  #isBusy = false;

  constructor(around: BrakeSurroundings) {
    this.#around = around;
  }

  /** A connection was accepted. Resolves when the question it raised is settled; tests wait for that. */
  async accepted(): Promise<void> {
    const { pauseMs, backlog, pause, resume, log } = this.#around;
    if (pauseMs() === 0 || this.#isBusy) return;
    this.#isBusy = true;
    try {
      // No answer is an answer, too.
      const length = await backlog().catch(() => Number.POSITIVE_INFINITY);
      const milliseconds = pauseMs();
      if (milliseconds === 0 || length <= backlogLength / 2) return;
      log(`the security module is behind with its work; accepting pauses ${String(milliseconds)} ms`);
      pause();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      resume();
    } finally {
      this.#isBusy = false;
    }
  }
}

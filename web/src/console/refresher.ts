/**
 * Keeps a view up to date without asking more than is needed: what happens in a burst is asked for
 * once, and no call is made while another is in flight.
 */

/** What happens within so long is asked for together. */
const TOGETHER_MS = 300;

export class Refresher {
  readonly #ask: (signal: AbortSignal) => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inFlight: AbortController | undefined;
  #isWanted = false;

  /** `ask` shows the answer, unless the signal is aborted by then; it never rejects. */
  constructor(ask: (signal: AbortSignal) => Promise<void>) {
    this.#ask = ask;
  }

  /** Something happened: asks shortly. More of it does not put that off. */
  soon(): void {
    this.#timer ??= setTimeout(() => this.now(), TOGETHER_MS);
  }

  /** Asks now; while a call is in flight, shortly after its answer, which may be of before. */
  now(): void {
    this.#isWanted = this.#inFlight !== undefined;
    this.#clearTimer();
    if (this.#inFlight === undefined) void this.#run();
  }

  /** Something else is in view: an answer on its way is of no use. */
  anew(): void {
    this.stop();
    this.now();
  }

  /** Nothing is in view. */
  stop(): void {
    this.#clearTimer();
    this.#inFlight?.abort();
    this.#inFlight = undefined;
    this.#isWanted = false;
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #run(): Promise<void> {
    const call = new AbortController();
    this.#inFlight = call;
    try {
      await this.#ask(call.signal);
    } finally {
      if (this.#inFlight === call) {
        this.#inFlight = undefined;
        if (this.#isWanted) this.soon();
        this.#isWanted = false;
      }
    }
  }
}

/**
 * Server-sent events by `fetch`: `EventSource` cannot send a bearer token.
 *
 * It connects again for ever, ever slower, until it is stopped or the token is refused.
 */
import { createParser } from "eventsource-parser";
import { type Activity, type Admin, type NodesNow, Refused } from "./api.ts";

/** The first wait before another try, and the longest. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** Nodes are told each second, so a connection that is silent for so long is dead. */
const SILENCE_MS = 15_000;
/** A connection that events come by for so long is a good one: the next wait is short again. */
const SETTLED_MS = 5000;

/** What a console is told. */
export interface Listener {
  nodes(now: NodesNow): void;
  activity(activity: Activity): void;
  missed(count: number): void;
  /** The events come from now on. */
  connected(): void;
  /** They do not, and are tried again at that time; `reason` where the node gave one. */
  disconnected(againAtMs: number, reason: string | undefined): void;
}

/** The events of one node, kept coming. */
export class Feed {
  readonly #admin: Admin;
  readonly #listener: Listener;
  #abort: AbortController | undefined;
  #wake: () => void = () => {};

  constructor(admin: Admin, listener: Listener) {
    this.#admin = admin;
    this.#listener = listener;
  }

  start(): void {
    this.stop();
    const abort = new AbortController();
    this.#abort = abort;
    void this.#run(abort.signal);
  }

  stop(): void {
    this.#abort?.abort();
    this.#wake();
  }

  /** Tries again now where it waits. */
  retry(): void {
    this.#wake();
  }

  async #run(stopped: AbortSignal): Promise<void> {
    let wait = FIRST_WAIT_MS;
    while (!stopped.aborted) {
      let reason: string | undefined;
      try {
        const settled = await this.#listen(stopped);
        if (settled) wait = FIRST_WAIT_MS;
      } catch (error) {
        if (error instanceof Refused) {
          if (error.status === 401) return;
          reason = error.message;
        }
      }
      if (stopped.aborted) return;
      // Half of it by chance: consoles must not come back all at once.
      const pause = wait * (0.5 + Math.random() / 2);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      this.#tell(() => this.#listener.disconnected(Date.now() + pause, reason));
      await this.#pause(pause);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Listens until the connection ends. Whether it was a good one. */
  async #listen(stopped: AbortSignal): Promise<boolean> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    let settled = false;
    try {
      const answer = await this.#admin.events(AbortSignal.any([stopped, silence.signal]));
      if (answer.body === null) return false;
      const opened = performance.now();
      const parser = createParser({
        onEvent: ({ event, data }) => {
          settled = performance.now() - opened >= SETTLED_MS;
          this.#tell(() => this.#dispatch(event, data));
        },
      });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      this.#tell(() => this.#listener.connected());
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return settled;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        parser.feed(value);
      }
    } catch (error) {
      if (error instanceof Refused) throw error;
      return settled;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What a listener throws is a fault of this page, not of the connection: that goes on. */
  #tell(told: () => void): void {
    try {
      told();
    } catch (error) {
      console.error("The console failed to show what it was told.", error);
    }
  }

  #dispatch(event: string | undefined, data: string): void {
    if (event === "nodes") this.#listener.nodes(JSON.parse(data) as NodesNow);
    else if (event === "activity") this.#listener.activity(JSON.parse(data) as Activity);
    else if (event === "missed")
      this.#listener.missed((JSON.parse(data) as { count: number }).count);
    // Others are of later releases.
  }
}

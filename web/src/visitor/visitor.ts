/**
 * The loader: `<script async src="https://node/cobrowse/assets/visitor.js"></script>`.
 *
 * It is all that an ordinary page view loads. `window.BatonConfig` is read when it runs: see `Options`.
 */
import { Listeners } from "./listeners.ts";
import { Memory } from "./memory.ts";
import type { Options } from "./parts.ts";
import { isTopWindow, ownUrl, trimmed } from "./place.ts";
import type { Identity } from "./profile.ts";
import { createCode } from "./short_code.ts";
import { Visit } from "./visit.ts";
import type { VisitEvents, VisitStatus } from "./visit_events.ts";

/** What pages call: `window.Baton`. */
export interface BatonApi {
  /** Where the page stands. */
  readonly status: VisitStatus;
  /** "Tell our agent this number": four digits, while the visitor is online. */
  readonly lookupCode: string | undefined;
  /** Tells who the visitor is; what is given replaces what was told before. */
  identify(identity: Identity): void;
  /** Begins a session, and resolves to the code that the visitor reads out to an agent. */
  createCode(): Promise<string>;
  /**
   * Shows this page in a session, by its `customerToken`, the `session-token` of a short code, or the
   * customer's `userToken`. Resolves once it is there. It goes on in the next pages of this tab.
   */
  start(token: string): Promise<void>;
  /** Ends the session that this page is shown in; the visitor stays online. */
  stop(): void;
  /** Listens to an event; what is returned ends that. */
  on<Event extends keyof VisitEvents>(
    event: Event,
    listener: (value: VisitEvents[Event]) => void,
  ): () => void;
}

declare global {
  interface Window {
    Baton?: BatonApi;
    BatonConfig?: Options;
  }
}

function begin(base: string, options: Options): BatonApi {
  const listeners = new Listeners();
  let lookupCode: string | undefined;
  listeners.add("lookupCode", (code) => {
    lookupCode = code;
  });
  const visit = new Visit({
    base,
    options,
    isPresent: options.presence !== false,
    memory: new Memory("baton:"),
    emit: listeners.emit,
  });
  return {
    get status() {
      return visit.status;
    },
    get lookupCode() {
      return lookupCode;
    },
    identify: (identity) => visit.identify(identity),
    createCode: async () => {
      if (visit.hasSession) throw new Error("Baton: a session is on: call Baton.stop() before.");
      const { code, token } = await createCode(base);
      await visit.start(token);
      return code;
    },
    start: async (token) => {
      if (typeof token !== "string" || !token) throw new TypeError("Baton.start: needs a token.");
      await visit.start(token);
    },
    stop: () => visit.stop(),
    on: (event, listener) => listeners.add(event, listener),
  };
}

function run(): void {
  const options = window.BatonConfig ?? {};
  const from = ownUrl();
  const base = options.base ?? (from && new URL("..", from).href);
  if (!isTopWindow || window.Baton) return;
  if (!base) {
    console.warn("Baton: set window.BatonConfig.base, such as https://baton.example.com/cobrowse.");
    return;
  }
  window.Baton = begin(trimmed(base), options);
}

run();

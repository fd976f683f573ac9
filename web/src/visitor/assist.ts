/**
 * `AssistSDK` for pages that were written for short codes of Live Assist: assist.js, from where they
 * expect it. The session is shown as the loader shows it; without one there is no connection.
 *
 * Such pages set the callbacks as properties of `AssistSDK`, before this script runs or at any time after.
 */

import type { VisitError } from "./ending.ts";
import { Memory } from "./memory.ts";
import type { Options } from "./parts.ts";
import { isTopWindow, ownUrl, trimmed } from "./place.ts";
import { Visit } from "./visit.ts";
import type { VisitEvents } from "./visit_events.ts";

/** What pages are told when something goes wrong. */
export interface SupportError {
  code: string;
  message: string;
}

/** What pages may want to be told. */
export interface SupportCallbacks {
  /** The session is there; an agent may come. Also in the next page of a running session. */
  onConnectionEstablished?: () => void;
  /** An agent sees the page. */
  onInSupport?: () => void;
  onEndSupport?: () => void;
  onError?: (error: SupportError) => void;
}

/** What pages start with; other members are ignored. */
export interface SupportConfig extends SupportCallbacks {
  /** The `session-token` of a redeemed short code. */
  sessionToken?: string;
  /** The `cid`; nothing depends on it here. */
  correlationId?: string;
  /** The origin of the Baton node; absent: where this script came from. */
  url?: string;
}

export interface AssistApi extends SupportCallbacks {
  startSupport(config: SupportConfig): void;
  endSupport(): void;
}

declare global {
  interface Window {
    AssistSDK?: Partial<AssistApi>;
    BatonConfig?: Options;
  }
}

/** The node puts `cobrowse.base_path` here when it serves this file. */
const BASE_PATH = "%BATON_BASE_PATH%";
const DEFAULT_BASE_PATH = "/cobrowse";

class Support {
  readonly #sdk: Partial<AssistApi>;
  readonly #memory = new Memory("baton:assist:");
  readonly #ownUrl = ownUrl();
  #config: SupportConfig = {};
  #visit: Visit | undefined;
  /** Whether the page was told so. */
  #isEstablished = false;
  #isInSupport = false;

  constructor(sdk: Partial<AssistApi>) {
    this.#sdk = sdk;
    // The page before this one was in a session: this one goes on.
    const base = this.#memory.base;
    if (isTopWindow && base !== undefined && this.#memory.session !== undefined) {
      this.#visit = this.#visitOf(base);
    }
  }

  start(config: SupportConfig): void {
    const { sessionToken = "", url } = config ?? {};
    // Pages start again in each of their pages what goes on by itself.
    if (sessionToken && this.#visit?.hasSession && this.#memory.session === sessionToken) return;
    const base = this.#baseOf(url);
    const problem = this.#problem(sessionToken, base);
    this.#config = config ?? {};
    if (problem || !base) {
      console.warn(`Baton: ${problem?.message}`);
      if (problem) this.#tell("onError", problem);
      return;
    }
    if (!this.#visit || this.#memory.base !== base) {
      this.#visit?.close();
      this.#visit = this.#visitOf(base);
    }
    this.#memory.base = base;
    this.#visit.start(sessionToken).catch(({ code, message }: VisitError) => {
      this.#tell("onError", { code, message });
    });
  }

  end(): void {
    this.#visit?.stop();
  }

  #visitOf(base: string): Visit {
    const options = window.BatonConfig ?? {};
    return new Visit({
      base,
      options,
      isPresent: false,
      memory: this.#memory,
      emit: (event, value) => afterScripts(() => this.#heard(event, value)),
    });
  }

  #heard<Event extends keyof VisitEvents>(event: Event, value: VisitEvents[Event]): void {
    if (event === "error") this.#tell("onError", value as SupportError);
    else if (event === "ended") this.#over();
    else if (event === "status") this.#reached(value as VisitEvents["status"]);
  }

  #reached(status: VisitEvents["status"]): void {
    if (!["created", "waiting", "pendingRequest", "active"].includes(status)) return;
    if (!this.#isEstablished) this.#tell("onConnectionEstablished");
    this.#isEstablished = true;
    if (status !== "active") return;
    if (!this.#isInSupport) this.#tell("onInSupport");
    this.#isInSupport = true;
  }

  #over(): void {
    if (this.#isEstablished) this.#tell("onEndSupport");
    this.#isEstablished = this.#isInSupport = false;
  }

  /** Why support cannot start. */
  #problem(sessionToken: unknown, base: string | undefined): SupportError | undefined {
    const refusals: [boolean, string, string][] = [
      [!isTopWindow, "NotTopWindow", "support is for whole pages, not for frames."],
      [
        typeof sessionToken !== "string" || !sessionToken,
        "NoSessionToken",
        "startSupport needs the session-token of a short code.",
      ],
      [
        this.#visit?.hasSession === true,
        "SessionInProgress",
        "a session is on: call endSupport() before.",
      ],
      [!base, "NoUrl", "startSupport needs the url of the Baton node."],
    ];
    const [, code, message] = refusals.find(([isSo]) => isSo) ?? [];
    return code && message ? { code, message } : undefined;
  }

  /** As a property of `AssistSDK`, or a member of what support was started with. */
  #tell(name: "onError", error: SupportError): void;
  #tell(name: Exclude<keyof SupportCallbacks, "onError">): void;
  #tell(name: keyof SupportCallbacks, error?: SupportError): void {
    const callback = this.#sdk[name] ?? this.#config[name];
    try {
      (callback as ((error?: SupportError) => void) | undefined)?.call(this.#sdk, error);
    } catch (thrown) {
      reportError(thrown);
    }
  }

  #baseOf(url: string | undefined): string | undefined {
    const from = url || this.#ownUrl;
    if (!from) return undefined;
    // Some pages leave out the scheme.
    const isWhole = /^([a-z]+:)?\/\//i.test(from);
    try {
      const { origin } = new URL(isWhole ? from : `//${from}`, location.href);
      return origin + trimmed(BASE_PATH.startsWith("/") ? BASE_PATH : DEFAULT_BASE_PATH);
    } catch {
      return undefined;
    }
  }
}

/** Pages set their callbacks in scripts that come after this one. */
function afterScripts(act: () => void): void {
  if (document.readyState !== "loading") queueMicrotask(act);
  else document.addEventListener("DOMContentLoaded", act, { once: true });
}

function run(): void {
  window.AssistSDK ??= {};
  const sdk = window.AssistSDK;
  if (sdk.startSupport) return;
  const support = new Support(sdk);
  sdk.startSupport = (config) => support.start(config);
  sdk.endSupport = () => support.end();
}

run();

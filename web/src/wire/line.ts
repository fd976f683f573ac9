/**
 * A socket that stays: it connects again, later each time, unless the close code says not to come back.
 *
 * A browser does not tell why a handshake was refused. The same URL, asked for without an upgrade,
 * answers the same problem document (426 when the socket would open): asked after a failed handshake.
 */

/** The first pause before connecting again; each further one is twice as long. */
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 15_000;
/** A connection that held so long was a good one: pauses begin anew. */
const SETTLED_MS = 5_000;
/** A handshake that takes longer goes nowhere: a network that swallows packets says nothing for minutes. */
const OPEN_MS = 10_000;
/** So long the reason of a refusal is waited for. */
const REFUSAL_MS = 5_000;
/** Close codes of Baton that mean "do not come back" (4500–4999 mean the contrary). */
const FINAL_CODES = { from: 4000, to: 4499 };
/** "A frame is too large" (RFC 6455): the next connection would say the same. */
const TOO_LARGE = 1009;

/** The answer of a socket's URL that would open now. */
const UPGRADE_REQUIRED = 426;
const TOO_MANY_REQUESTS = 429;

/** A `pageshow` counts only if it shows a page that was kept. */
const RETURNS = ["online", "pageshow"];

/** Why a line ended for good. */
export type Ending = { by: "close"; code: number; reason: string } | Refusal;

/** What a handshake was answered instead. */
export interface Refusal {
  by: "refusal";
  status: number;
  code: string;
  detail: string;
}

export interface LineListener<Incoming> {
  /** A connection is open: say hello. */
  opened(): void;
  said(message: Incoming): void;
  data?(frame: ArrayBuffer): void;
  /** The connection broke, or was refused for the time being; the next try comes after so long. */
  dropped(retryMs: number, refusal?: Refusal): void;
  /** The line is over and does not try again. */
  ended(ending: Ending): void;
}

export class Line<Outgoing, Incoming> {
  /** Where to connect: read at every try, since tokens change. */
  readonly #url: () => string;
  readonly #listener: LineListener<Incoming>;
  #socket: WebSocket | undefined;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  /** The network, or a page that was kept, is back: an open socket may be dead and never tell. */
  readonly #back = (event: Event) => {
    if ((event as PageTransitionEvent).persisted === false) return;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#clear();
    this.#retry(0);
  };

  constructor(url: () => string, listener: LineListener<Incoming>) {
    this.#url = url;
    this.#listener = listener;
    for (const type of RETURNS) addEventListener(type, this.#back);
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Sends a message; false where nobody is there to hear it. */
  say(message: Outgoing): boolean {
    return this.#send(JSON.stringify(message));
  }

  /** Sends a binary frame; false where nobody is there to see it. */
  show(frame: Uint8Array<ArrayBuffer>): boolean {
    return this.#send(frame);
  }

  /** Bytes that wait in the browser. */
  get backlog(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** Ends the line without telling the listener. */
  close(): void {
    this.#finish();
    this.#socket?.close(1000);
  }

  #send(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (!this.isOpen) return false;
    this.#socket?.send(data);
    return true;
  }

  #connect(): void {
    const socket = new WebSocket(this.#url());
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let openedAt: number | undefined;
    const isVoid = () => this.#over || socket !== this.#socket;
    setTimeout(() => openedAt ?? socket.close(), OPEN_MS);
    socket.onopen = () => {
      openedAt = performance.now();
      if (!isVoid()) this.#listener.opened();
    };
    socket.onmessage = ({ data }) => {
      if (isVoid()) return;
      if (typeof data === "string") this.#listener.said(JSON.parse(data));
      else this.#listener.data?.(data);
    };
    socket.onclose = (event) => {
      if (isVoid()) return;
      if (openedAt !== undefined && performance.now() - openedAt > SETTLED_MS) this.#failures = 0;
      void this.#closed(event, openedAt !== undefined, isVoid);
    };
  }

  async #closed(
    { code, reason }: CloseEvent,
    wasOpen: boolean,
    isVoid: () => boolean,
  ): Promise<void> {
    const isFinal = (code >= FINAL_CODES.from && code <= FINAL_CODES.to) || code === TOO_LARGE;
    if (isFinal) return this.#end({ by: "close", code, reason });
    const refusal = wasOpen ? undefined : await this.#refusal();
    if (isVoid()) return;
    if (refusal && isFinalStatus(refusal.status)) return this.#end(refusal);
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    // Jitter: those whom one node sent away do not all come at once.
    this.#retry(pause * (0.5 + Math.random() / 2), refusal);
  }

  #retry(retryMs: number, refusal?: Refusal): void {
    this.#timer = setTimeout(() => this.#connect(), retryMs);
    this.#listener.dropped(retryMs, refusal);
  }

  /** Why the handshake was refused; undefined where it would not be now, or nobody answers. */
  async #refusal(): Promise<Refusal | undefined> {
    try {
      // Old browsers have no timeout: they wait.
      const signal = AbortSignal.timeout?.(REFUSAL_MS);
      const response = await fetch(this.#url().replace(/^ws/, "http"), {
        cache: "no-store",
        signal,
      });
      const { status } = response;
      if (status < 400 || status === UPGRADE_REQUIRED) return undefined;
      const { code = "", detail = "" } = await response.json();
      return { by: "refusal", status, code, detail };
    } catch {
      return undefined;
    }
  }

  #end(ending: Ending): void {
    this.#finish();
    this.#listener.ended(ending);
  }

  #finish(): void {
    this.#over = true;
    this.#clear();
    for (const type of RETURNS) removeEventListener(type, this.#back);
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Whether trying again will not help: 429 and 5xx pass. */
function isFinalStatus(status: number): boolean {
  return status < 500 && status !== TOO_MANY_REQUESTS;
}

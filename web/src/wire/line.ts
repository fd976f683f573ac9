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
/** Close codes of Baton that mean "do not come back" (4500–4999 mean the contrary). */
const FINAL_CODES = { from: 4000, to: 4499 };
/** "A frame is too large" (RFC 6455): the next connection would say the same. */
const TOO_LARGE = 1009;

/** The answer of a socket's URL that would open now. */
const UPGRADE_REQUIRED = 426;
const TOO_MANY_REQUESTS = 429;

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
  readonly #online = () => this.#hurry();

  constructor(url: () => string, listener: LineListener<Incoming>) {
    this.#url = url;
    this.#listener = listener;
    addEventListener("online", this.#online);
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
    socket.onopen = () => {
      openedAt = performance.now();
      if (!this.#over) this.#listener.opened();
    };
    socket.onmessage = ({ data }) => {
      if (this.#over) return;
      if (typeof data === "string") this.#listener.said(JSON.parse(data));
      else this.#listener.data?.(data);
    };
    socket.onclose = (event) => {
      if (this.#over) return;
      if (openedAt !== undefined && performance.now() - openedAt > SETTLED_MS) this.#failures = 0;
      void this.#closed(event, openedAt !== undefined);
    };
  }

  async #closed({ code, reason }: CloseEvent, wasOpen: boolean): Promise<void> {
    const isFinal = (code >= FINAL_CODES.from && code <= FINAL_CODES.to) || code === TOO_LARGE;
    if (isFinal) return this.#end({ by: "close", code, reason });
    const refusal = wasOpen ? undefined : await this.#refusal();
    if (this.#over) return;
    if (refusal && isFinalStatus(refusal.status)) return this.#end(refusal);
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    // Jitter: those whom one node sent away do not all come at once.
    const retryMs = pause * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#connect(), retryMs);
    this.#listener.dropped(retryMs, refusal);
  }

  /** Why the handshake was refused; undefined where it would not be now, or nobody answers. */
  async #refusal(): Promise<Refusal | undefined> {
    try {
      const response = await fetch(this.#url().replace(/^ws/, "http"), { cache: "no-store" });
      const { status } = response;
      if (status < 400 || status === UPGRADE_REQUIRED) return undefined;
      const { code = "", detail = "" } = await response.json();
      return { by: "refusal", status, code, detail };
    } catch {
      return undefined;
    }
  }

  #hurry(): void {
    if (this.#timer === undefined || this.#over) return;
    this.#clear();
    this.#connect();
  }

  #end(ending: Ending): void {
    this.#finish();
    this.#listener.ended(ending);
  }

  #finish(): void {
    this.#over = true;
    this.#clear();
    removeEventListener("online", this.#online);
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

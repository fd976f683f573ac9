/**
 * The socket of one DRISC session: binds, answers `PING`, and comes back to the same endpoint after a
 * lost connection until somebody says that the session is over.
 */
import { type Ending, endingOf, probeAddress, readMessage, readProbe } from "./drisc-wire.ts";
import { backoff, pause } from "./pause.ts";
import type { WireLine } from "./session.ts";

/** A connection that is not open by then is tried anew. */
const OPEN_WITHIN_MS = 10_000;
/** How long a repeated `REQUESTED` may stay unanswered on a connection that may be dead. */
const OK_WITHIN_MS = 5000;
/** A plain GET that is not answered by then tells nothing. */
const PROBE_WITHIN_MS = 5000;
/** How long after `FINISHED` or `TERMINATE` the server may take to close. */
const CLOSE_WITHIN_MS = 2000;

/** Why a session's socket is over. */
export type Over = Exclude<Ending, "lost"> | "refused" | "unexplained";

export interface SocketHost {
  /** Play now; after a lost connection, again. */
  bound(): void;
  /** The connection is lost; the next try is in `delayMs`. */
  lost(attempt: number, delayMs: number): void;
  /** The session is over; `by`: the name of the one that took over. Nothing follows. */
  over(why: Over, by?: string): void;
  wire(line: WireLine): void;
}

export class DriscSocket {
  readonly #endpoint: string;
  readonly #host: SocketHost;
  readonly #life = new AbortController();
  #socket: WebSocket | undefined;
  #attempt = 0;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #finished: ((confirmed: boolean) => void) | undefined;
  readonly #cameBack = (event: Event) => {
    // `pageshow` tells of every page; only one that was kept frozen has an old connection.
    if (event.type === "online" || (event as PageTransitionEvent).persisted) this.#check();
  };

  constructor(endpoint: string, host: SocketHost) {
    this.#endpoint = endpoint;
    this.#host = host;
    globalThis.addEventListener?.("online", this.#cameBack);
    globalThis.addEventListener?.("pageshow", this.#cameBack);
    this.#connect();
  }

  /** Says that the stream is over; whether the server confirmed it. */
  finish(): Promise<boolean> {
    const socket = this.#socket;
    this.#detach();
    if (socket?.readyState !== WebSocket.OPEN) {
      socket?.close();
      return Promise.resolve(false);
    }
    this.#say(socket, "FINISHED");
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#finished?.(false), CLOSE_WITHIN_MS);
      this.#finished = (confirmed) => {
        clearTimeout(timer);
        if (!confirmed) socket.close();
        resolve(confirmed);
      };
    });
  }

  /** Drops the connection without a word: the session may be resumed. */
  drop(): void {
    this.#detach();
    this.#socket?.close();
  }

  #connect(): void {
    const socket = this.#made();
    if (!socket) return;
    this.#socket = socket;
    let opened = false;
    this.#within(OPEN_WITHIN_MS, () => this.#give(socket, opened));
    socket.addEventListener("open", () => {
      opened = true;
      if (!this.#isCurrent(socket)) return;
      // No deadline for OK: while its store is away, the server answers when it can.
      clearTimeout(this.#deadline);
      this.#say(socket, "REQUESTED");
    });
    socket.addEventListener("message", ({ data }) => this.#heard(socket, data));
    socket.addEventListener("close", ({ code }) => {
      this.#host.wire({ direction: "received", text: `socket closed (${code})` });
      this.#finished?.(endingOf(code) === "finished");
      if (this.#isCurrent(socket)) this.#closed(endingOf(code), opened);
    });
  }

  /** Browsers throw at an address that is none, and at ws: on a page of https:. */
  #made(): WebSocket | undefined {
    try {
      return new WebSocket(this.#endpoint);
    } catch {
      queueMicrotask(() => this.#over("protocol"));
      return undefined;
    }
  }

  #heard(socket: WebSocket, data: unknown): void {
    this.#host.wire({ direction: "received", text: String(data) });
    if (!this.#isCurrent(socket)) return;
    const message = readMessage(data);
    switch (message?.action) {
      case "OK":
        clearTimeout(this.#deadline);
        this.#attempt = 0;
        this.#host.bound();
        break;
      case "PING":
        this.#say(socket, "PONG");
        break;
      case "EXPIRED":
        this.#over("expired");
        break;
      case "TAKE_OVER":
        this.#over("takenOver", message.sessionName);
        break;
      case "TERMINATE":
        // The close code that follows says why.
        this.#within(CLOSE_WITHIN_MS, () => this.#over("unexplained"));
        break;
      default:
        socket.close();
        this.#over("protocol");
        break;
    }
  }

  #closed(ending: Ending, opened: boolean): void {
    clearTimeout(this.#deadline);
    if (ending !== "lost") {
      this.#over(ending);
      return;
    }
    void this.#comeBack(opened);
  }

  async #comeBack(opened: boolean): Promise<void> {
    const signal = this.#life.signal;
    const delayMs = backoff(this.#attempt);
    this.#attempt += 1;
    this.#socket = undefined;
    this.#host.lost(this.#attempt, delayMs);
    // Browsers do not tell why a connection was refused; a plain GET is told.
    const verdict = opened ? "unknown" : await this.#probe(signal);
    if (signal.aborted) return;
    if (verdict !== "unknown") return this.#over(verdict);
    await pause(delayMs, signal);
    if (!signal.aborted) this.#connect();
  }

  async #probe(signal: AbortSignal): Promise<ReturnType<typeof readProbe>> {
    // Browsers of televisions have no AbortSignal.any.
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, PROBE_WITHIN_MS);
    signal.addEventListener("abort", giveUp);
    try {
      const response = await fetch(probeAddress(this.#endpoint), {
        credentials: "omit",
        cache: "no-store",
        signal: limit.signal,
      });
      return readProbe(response.status, await response.text());
    } catch {
      return "unknown";
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** After a change of networks a connection may look open and be dead: asks for another OK. */
  #check(): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    this.#say(socket, "REQUESTED");
    this.#within(OK_WITHIN_MS, () => this.#give(socket, true));
  }

  /** Gives a connection up without waiting for its close, which may take minutes. */
  #give(socket: WebSocket, opened: boolean): void {
    this.#socket = undefined;
    socket.close();
    void this.#comeBack(opened);
  }

  #over(why: Over, by?: string): void {
    if (this.#life.signal.aborted) return;
    this.#detach();
    this.#host.over(why, by);
  }

  #detach(): void {
    this.#life.abort();
    clearTimeout(this.#deadline);
    globalThis.removeEventListener?.("online", this.#cameBack);
    globalThis.removeEventListener?.("pageshow", this.#cameBack);
  }

  #within(ms: number, otherwise: () => void): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(otherwise, ms);
  }

  #isCurrent(socket: WebSocket): boolean {
    return socket === this.#socket && !this.#life.signal.aborted;
  }

  #say(socket: WebSocket, action: "REQUESTED" | "PONG" | "FINISHED"): void {
    const text = JSON.stringify({ action });
    socket.send(text);
    this.#host.wire({ direction: "sent", text });
  }
}

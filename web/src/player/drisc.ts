/** A stream session in the DRISC dialect: asked for by HTTP, held by a socket. */
import { DriscSocket, type Over } from "./drisc-socket.ts";
import { type Admission, type Admitted, readAdmission, readSessions } from "./drisc-wire.ts";
import { BatonError, batonError } from "./error.ts";
import { Http, orBatonError, refusal } from "./http.ts";
import { text } from "./json.ts";
import { Keep } from "./keep.ts";
import { backoff, pause } from "./pause.ts";
import type {
  ActiveSession,
  CommonOptions,
  PlayerSession,
  SessionEvents,
  State,
} from "./session.ts";
import { Stage } from "./stage.ts";
import { uuid } from "./uuid.ts";

/** How long `start` waits for Baton before `onUnavailable` decides. */
const PATIENCE_MS = 8000;
/** How long a stream plays without its connection under `onUnavailable: "stop"`: the server's grace. */
const LOST_PATIENCE_MS = 30_000;
/** Sessions that expire one after the other before it is given up. */
const RENEWALS = 3;
/** A session that played so long is not one of those. */
const LASTING_MS = 60_000;

/** What a DRISC player tells. */
export interface DriscOptions extends CommonOptions {
  /** What viewers call this stream, such as the device's name: at most 100 characters. */
  sessionName: string;
  /** What is counted: either this or `tag`. */
  offerId?: string;
  tag?: string;
  /** This device: when it starts again, its own session is replaced and uses no second slot. */
  deviceId?: string;
  /**
   * What viewers may do while nothing answers for Baton: "play" (default) without being counted, or
   * "stop". Where Baton itself answers that it cannot decide now, its operator chose to refuse.
   */
  onUnavailable?: "play" | "stop";
  /** How long `start` waits before that, in milliseconds. Default: 8000. */
  patienceMs?: number;
}

/** A stream session in the DRISC dialect. */
export function drisc(options: DriscOptions): PlayerSession {
  return new DriscSession(options);
}

class DriscSession implements PlayerSession {
  readonly #options: DriscOptions;
  readonly #stage = new Stage();
  readonly #http: Http;
  readonly #keep: Keep;
  /** What goes on now; whatever is newer aborts it. */
  #turn = new AbortController();
  #socket: DriscSocket | undefined;
  #sessionId: string | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #trouble: BatonError | undefined;
  /** When the session on the socket first played; undefined: it never did. */
  #boundAt: number | undefined;
  #renewals = 0;

  constructor(options: DriscOptions) {
    this.#options = options;
    this.#http = new Http(options, (line) => this.#stage.events.emit("wire", line));
    this.#keep = new Keep(options.storage, options.storageKey ?? "baton-player.drisc");
  }

  get state(): State {
    return this.#stage.state;
  }

  get mayPlay(): boolean {
    return this.#stage.mayPlay;
  }

  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void {
    return this.#stage.events.on(name, listener);
  }

  start(): Promise<State> {
    if (this.#stage.isUnderWay) return this.#stage.settled();
    this.#renewals = 0;
    return this.#ask("/sessions", {}, false);
  }

  async resume(): Promise<State | undefined> {
    if (this.#stage.isUnderWay) return this.#stage.settled();
    const kept = this.#keep.read();
    const endpoint = text(kept?.endpoint);
    if (endpoint === undefined) return undefined;
    this.#renewals = 0;
    const turn = this.#begin(false);
    if (!turn.aborted)
      this.#connect({ kind: "admitted", endpoint, sessionId: text(kept?.sessionId) ?? "" });
    return this.#stage.settled();
  }

  takeOver(sessionId: string): Promise<State> {
    if (this.#stage.isUnderWay) return this.#stage.settled();
    this.#renewals = 0;
    return this.#ask("/takeover", { sessionId }, false);
  }

  async stop(): Promise<void> {
    const [socket, sessionId] = [this.#socket, this.#sessionId];
    this.#leave();
    this.#stage.become({ status: "stopped" });
    const confirmed = socket ? await socket.finish() : true;
    // Not told, or not heard: the other way. What also fails, the server's grace heals.
    if (!confirmed && sessionId) await this.end(sessionId).catch(() => {});
  }

  async sessions(): Promise<ActiveSession[]> {
    const answer = await orBatonError(() => this.#http.send({ method: "GET", path: "/sessions" }));
    if (answer.status !== 200) throw refusal(answer);
    return readSessions(answer.body.activeSessions, this.#sessionId);
  }

  async end(sessionId: string): Promise<void> {
    const path = `/sessions/${encodeURIComponent(sessionId)}`;
    const call = { method: "DELETE", path, keepalive: true } as const;
    const answer = await orBatonError(() => this.#http.send(call));
    if (answer.status !== 204) throw refusal(answer);
  }

  dispose(): void {
    this.#turn.abort();
    clearTimeout(this.#patience);
    this.#socket?.drop();
    this.#socket = undefined;
  }

  #ask(path: string, extra: object, renewing: boolean): Promise<State> {
    void this.#request(path, extra, this.#begin(renewing));
    return this.#stage.settled();
  }

  /** Asks for the successor of an expired session; after the first one in a row, not at once. */
  async #renew(turn: AbortSignal): Promise<void> {
    if (this.#renewals > 1) await pause(backoff(this.#renewals), turn);
    await this.#request("/sessions", {}, turn);
  }

  /** A new request: from now on the viewer waits for Baton. */
  #begin(renewing: boolean): AbortSignal {
    this.#turn.abort();
    const turn = new AbortController();
    this.#turn = turn;
    this.#trouble = undefined;
    this.#wait(this.#options.patienceMs ?? PATIENCE_MS);
    // Whoever hears of it may begin something else already.
    this.#stage.become({ status: "requesting", renewing });
    return turn.signal;
  }

  /** Asks until there is an answer. The key makes repeats one request. */
  async #request(path: string, extra: object, turn: AbortSignal): Promise<void> {
    const { sessionName, offerId, tag, deviceId } = this.#options;
    const call = {
      method: "POST",
      path,
      // JSON leaves out what is undefined.
      body: { sessionName, offerId, tag, deviceId, ...extra },
      idempotencyKey: uuid(),
    } as const;
    for (let attempt = 0; !turn.aborted; attempt += 1) {
      const admission = await this.#http.send(call).then(readAdmission, refusedBy);
      if (turn.aborted) return this.#tooLate(admission);
      if (admission.kind !== "refused" || !admission.error.isTransient) {
        return this.#answered(admission);
      }
      this.#trouble = admission.error;
      await pause(Math.max(admission.error.retryAfterMs ?? 0, backoff(attempt)), turn);
    }
  }

  #answered(admission: Admission): void {
    switch (admission.kind) {
      case "admitted":
        this.#trouble = undefined;
        this.#keep.write({ endpoint: admission.endpoint, sessionId: admission.sessionId });
        this.#connect(admission);
        break;
      case "untracked":
        this.#leave();
        this.#stage.become({ status: "untracked", reason: "disabled" });
        break;
      case "limited": {
        this.#leave();
        const { sessions, takeOverEnabled } = admission;
        this.#stage.become({ status: "limited", sessions, takeOverEnabled });
        break;
      }
      case "refused":
        this.#leave();
        this.#stage.fail(admission.error);
        break;
    }
  }

  /** The player stopped while it was asked: the slot is given back. */
  #tooLate(admission: Admission): void {
    if (admission.kind === "admitted") void this.end(admission.sessionId).catch(() => {});
  }

  #connect({ endpoint, sessionId }: Admitted): void {
    this.#sessionId = sessionId;
    this.#boundAt = undefined;
    this.#socket = new DriscSocket(endpoint, {
      bound: () => this.#bound(sessionId),
      lost: (attempt, delayMs) => this.#lost(sessionId, attempt, delayMs),
      over: (why, by) => this.#over(why, by),
      wire: (line) => this.#stage.events.emit("wire", line),
    });
  }

  #bound(sessionId: string): void {
    clearTimeout(this.#patience);
    const { state } = this;
    const cameBack = state.status === "playing" && !state.connected;
    if (state.status === "playing" && state.connected) return;
    this.#boundAt ??= Date.now();
    this.#stage.become({ status: "playing", sessionId, connected: true });
    if (cameBack) this.#stage.events.emit("reconnected", undefined);
  }

  #lost(sessionId: string, attempt: number, delayMs: number): void {
    const { state } = this;
    if (state.status === "playing" && state.connected) {
      this.#stage.become({ status: "playing", sessionId, connected: false });
      if (this.#options.onUnavailable === "stop") this.#wait(LOST_PATIENCE_MS);
    }
    this.#stage.events.emit("reconnecting", { attempt, delayMs });
  }

  #over(why: Over, by = ""): void {
    // What waits for a successor is not left.
    if (why !== "expired") this.#leave();
    switch (why) {
      case "expired":
        this.#expired();
        break;
      case "takenOver":
        this.#stage.become({ status: "takenOver", by });
        break;
      case "replaced":
      case "ended":
        this.#stage.become({ status: "terminated", reason: why });
        break;
      case "unexplained":
        this.#stage.become({ status: "terminated", reason: "unknown" });
        break;
      case "finished":
        this.#stage.become({ status: "stopped" });
        break;
      case "refused":
        this.#stage.fail(new BatonError("OriginRefused", "The socket was refused."));
        break;
      case "protocol":
        this.#stage.fail(new BatonError("Protocol", "The socket was not understood."));
        break;
    }
  }

  #expired(): void {
    const boundAt = this.#boundAt;
    if (boundAt !== undefined && Date.now() - boundAt >= LASTING_MS) this.#renewals = 0;
    this.#renewals += 1;
    if (this.#renewals > RENEWALS) {
      this.#leave();
      const message = "New sessions expire as soon as they are given.";
      this.#stage.fail(new BatonError("Expiring", message));
    } else {
      this.#forget();
      void this.#renew(boundAt === undefined ? this.#goOn() : this.#begin(this.mayPlay));
    }
    this.#stage.events.emit("expired", undefined);
  }

  /** The session never played: for the viewer it is the same request still, and the same patience. */
  #goOn(): AbortSignal {
    this.#turn = new AbortController();
    return this.#turn.signal;
  }

  #wait(ms: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#outOfPatience(), ms);
  }

  /** Baton did not answer in time: the site's policy decides, or its operator's where Baton spoke. */
  #outOfPatience(): void {
    const message = "Baton did not answer in time.";
    const error = this.#trouble ?? new BatonError("Unreachable", message);
    const operatorRefuses = error.isBatons && !this.mayPlay;
    if (this.#options.onUnavailable !== "stop" && !operatorRefuses) {
      // Asking goes on: the stream is counted as soon as it can be.
      this.#stage.untrack("unavailable", error);
      return;
    }
    const sessionId = this.#sessionId;
    this.#socket?.drop();
    this.#leave();
    this.#stage.fail(error);
    if (sessionId) void this.end(sessionId).catch(() => {});
  }

  /** Nothing of the session is left here; `stop` still talks to its socket. */
  #leave(): void {
    clearTimeout(this.#patience);
    this.#forget();
  }

  /** The session is gone; its viewer still waits for another one. */
  #forget(): void {
    this.#turn.abort();
    this.#keep.remove();
    this.#socket = undefined;
    this.#sessionId = undefined;
  }
}

function refusedBy(thrown: unknown): Admission {
  return { kind: "refused", error: batonError(thrown) };
}

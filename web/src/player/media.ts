/** A stream session in the Media Play Sessions dialect: plain REST, kept alive by heartbeats. */
import { type BatonError, batonError } from "./error.ts";
import { Http, orBatonError, refusal } from "./http.ts";
import { text } from "./json.ts";
import { Keep } from "./keep.ts";
import { entityOf, JSON_API, readEntities, readVerdict, type Verdict } from "./media-wire.ts";
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

/** Tries to tell that the stream is over, before that is left to the session's expiry. */
const FAREWELLS = 4;

/** What a player of Media Play Sessions tells. */
export interface MediaPlaySessionsOptions extends CommonOptions {
  /** Whose sessions: `customerId` of the token, or any user where the token is a service's. */
  userId: string;
  /** What the limit counts: sessions per user and type of device. */
  deviceType: string;
  /** What is played; lists show it as the session's name. */
  service?: string;
}

/** A stream session in the Media Play Sessions dialect. */
export function mediaPlaySessions(options: MediaPlaySessionsOptions): PlayerSession {
  return new MediaPlaySession(options);
}

class MediaPlaySession implements PlayerSession {
  readonly #options: MediaPlaySessionsOptions;
  readonly #stage = new Stage();
  readonly #http: Http;
  readonly #keep: Keep;
  /** What goes on now; whatever is newer aborts it. */
  #turn = new AbortController();
  #id: string | undefined;

  constructor(options: MediaPlaySessionsOptions) {
    this.#options = options;
    this.#http = new Http(options, (line) => this.#stage.events.emit("wire", line));
    this.#keep = new Keep(options.storage, options.storageKey ?? "baton-player.media");
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
    if (!this.#stage.isUnderWay) void this.#live(uuid(), "PUT", this.#begin());
    return this.#stage.settled();
  }

  async resume(): Promise<State | undefined> {
    if (this.#stage.isUnderWay) return this.#stage.settled();
    const id = text(this.#keep.read()?.id);
    if (id === undefined) return undefined;
    void this.#live(id, "PATCH", this.#begin());
    return this.#stage.settled();
  }

  /** Two steps in this dialect: the other session ends, then this one asks as any other does. */
  takeOver(sessionId: string): Promise<State> {
    if (!this.#stage.isUnderWay) {
      const before = this.state;
      void this.#replace(sessionId, before, this.#begin());
    }
    return this.#stage.settled();
  }

  async stop(): Promise<void> {
    const id = this.#id;
    this.#leave();
    this.#stage.become({ status: "stopped" });
    if (id !== undefined) await this.#farewell(id);
  }

  async sessions(): Promise<ActiveSession[]> {
    const call = { method: "GET", path: this.#path() } as const;
    const answer = await orBatonError(() => this.#http.send(call));
    if (answer.status !== 200) throw refusal(answer);
    return readEntities(answer.body.data, this.#id);
  }

  async end(sessionId: string): Promise<void> {
    const call = { method: "DELETE", path: this.#path(sessionId), keepalive: true } as const;
    const answer = await orBatonError(() => this.#http.send(call));
    if (answer.status !== 204) throw refusal(answer);
  }

  dispose(): void {
    this.#turn.abort();
  }

  #begin(): AbortSignal {
    this.#turn.abort();
    const turn = new AbortController();
    this.#turn = turn;
    // Whoever hears of it may begin something else already.
    this.#stage.become({ status: "requesting", renewing: false });
    return turn.signal;
  }

  async #replace(sessionId: string, before: State, turn: AbortSignal): Promise<void> {
    try {
      await this.end(sessionId);
    } catch (thrown) {
      const error = batonError(thrown);
      // Baton's 404: it ended by itself, which is as good.
      if (error.status !== 404 || !error.isBatons) return this.#notReplaced(error, before, turn);
    }
    if (!turn.aborted) await this.#live(uuid(), "PUT", turn);
  }

  #notReplaced(error: BatonError, before: State, turn: AbortSignal): void {
    if (turn.aborted) return;
    if (before.status !== "limited") {
      this.#stage.fail(error);
      return;
    }
    this.#stage.become(before);
    this.#stage.events.emit("error", error);
  }

  /** The life of a session: PUT until it lives, then heartbeats until something ends it. */
  async #live(id: string, method: "PUT" | "PATCH", turn: AbortSignal): Promise<void> {
    if (turn.aborted) return;
    this.#id = id;
    this.#keep.write({ id });
    // Only a session that was there before begins with a heartbeat.
    const kept = method === "PATCH";
    let next = method;
    for (let failures = 0; !turn.aborted; ) {
      const verdict = await this.#send(next, id, kept);
      // Whoever stopped meanwhile said farewell before the server had heard of the session.
      if (turn.aborted) return next === "PUT" ? this.#tooLate(id) : undefined;
      if (verdict.kind === "unknown") {
        this.#stage.events.emit("expired", undefined);
        next = "PUT";
        continue;
      }
      failures = verdict.kind === "unavailable" ? failures + 1 : 0;
      const restMs = this.#judged(verdict, failures);
      if (restMs === undefined) return;
      if (verdict.kind === "live") next = "PATCH";
      await pause(restMs, turn);
    }
  }

  /** Shows what it came to; how long to rest before the next call, undefined where none follows. */
  #judged(verdict: Exclude<Verdict, { kind: "unknown" }>, failures: number): number | undefined {
    switch (verdict.kind) {
      case "live":
        this.#connected();
        return verdict.heartbeatMs;
      case "unavailable":
        return this.#unavailable(verdict.error, failures);
      case "refused":
        this.#leave();
        this.#stage.untrack("refused", verdict.error);
        return undefined;
      case "otherDevice":
        // The kept id is another device's: an id of our own.
        void this.#live(uuid(), "PUT", this.#turn.signal);
        return undefined;
      case "limited":
        void this.#limited();
        return undefined;
      case "takenOver":
        this.#leave();
        this.#stage.become({ status: "takenOver", by: verdict.by });
        return undefined;
      case "terminated": {
        this.#leave();
        const { kind: status, ...why } = verdict;
        this.#stage.become({ status, ...why });
        return undefined;
      }
    }
  }

  #connected(): void {
    const { state } = this;
    if (state.status === "playing" && state.connected) return;
    this.#stage.become({ status: "playing", sessionId: this.#id ?? "", connected: true });
    if (state.status === "playing") this.#stage.events.emit("reconnected", undefined);
  }

  /** Clients of this dialect play on; they are counted again as soon as they can be. */
  #unavailable(error: BatonError, failures: number): number {
    const delayMs = Math.max(error.retryAfterMs ?? 0, backoff(failures - 1));
    const { state } = this;
    if (state.status === "playing" && state.connected) {
      this.#stage.become({ ...state, connected: false });
    } else if (state.status === "requesting") {
      this.#stage.untrack("unavailable", error);
    }
    this.#stage.events.emit("reconnecting", { attempt: failures, delayMs });
    return delayMs;
  }

  /** The refusal does not tell what runs, so the list is asked for; without it there is no choice. */
  async #limited(): Promise<void> {
    const turn = this.#turn;
    const all = await this.sessions().catch(() => []);
    if (this.#turn !== turn || turn.signal.aborted) return;
    this.#leave();
    const { deviceType } = this.#options;
    const sessions = all.filter((session) => session.deviceType === deviceType);
    this.#stage.become({ status: "limited", sessions, takeOverEnabled: true });
  }

  #tooLate(id: string): void {
    if (this.#id !== id) void this.#farewell(id);
  }

  async #farewell(id: string): Promise<void> {
    const never = new AbortController().signal;
    for (let attempt = 0; attempt < FAREWELLS; attempt += 1) {
      if (attempt > 0) await pause(backoff(attempt), never);
      try {
        return await this.end(id);
      } catch (thrown) {
        if (!batonError(thrown).isTransient) return;
      }
    }
  }

  async #send(method: "PUT" | "PATCH", id: string, kept: boolean): Promise<Verdict> {
    const { deviceType, service } = this.#options;
    const body = entityOf(deviceType, service);
    const call = { method, path: this.#path(id), body, contentType: JSON_API } as const;
    try {
      return readVerdict(await this.#http.send(call), method, kept);
    } catch (thrown) {
      return { kind: "unavailable", error: batonError(thrown) };
    }
  }

  #path(id?: string): string {
    const own = `/users/${encodeURIComponent(this.#options.userId)}/media_play_sessions`;
    return id === undefined ? own : `${own}/${encodeURIComponent(id)}`;
  }

  #leave(): void {
    this.#turn.abort();
    this.#keep.remove();
    this.#id = undefined;
  }
}

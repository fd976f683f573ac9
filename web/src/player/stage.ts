/** The state of a session, who hears of it, and who waits for it to settle. */
import { Emitter } from "./emitter.ts";
import type { BatonError } from "./error.ts";
import type { SessionEvents, State } from "./session.ts";

export class Stage {
  readonly events = new Emitter<SessionEvents>();
  #state: State = { status: "idle" };
  #waiting: ((state: State) => void)[] = [];

  get state(): State {
    return this.#state;
  }

  get mayPlay(): boolean {
    const { status } = this.#state;
    if (status === "requesting") return this.#state.renewing;
    return status === "playing" || status === "untracked";
  }

  /** A session runs or is asked for. */
  get isUnderWay(): boolean {
    return this.#state.status === "requesting" || this.mayPlay;
  }

  /** Everybody is told, first of the change as such; then those who waited go on. */
  become(state: State): void {
    const before = this.#state.status;
    this.#state = state;
    this.events.emit("change", state);
    // A listener has asked for something else already.
    if (this.#state !== state) return;
    if (state.status !== before) this.#announce(state);
    if (this.#state !== state || state.status === "requesting") return;
    for (const resolve of this.#waiting.splice(0)) resolve(state);
  }

  /** The state that the current request comes to. */
  settled(): Promise<State> {
    if (this.#state.status !== "requesting") return Promise.resolve(this.#state);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The state comes first, so that what listeners of the error do is not undone. */
  fail(error: BatonError): void {
    this.become({ status: "failed", error });
    this.events.emit("error", error);
  }

  /** Play uncounted, because of that. */
  untrack(reason: "unavailable" | "refused", error: BatonError): void {
    this.become({ status: "untracked", reason, error });
    this.events.emit("error", error);
  }

  #announce(state: State): void {
    const { events } = this;
    switch (state.status) {
      case "playing":
        events.emit("playing", state);
        break;
      case "untracked":
        events.emit("untracked", state);
        break;
      case "limited":
        events.emit("limited", state);
        break;
      case "takenOver":
        events.emit("takenOver", state);
        break;
      case "terminated":
        events.emit("terminated", state);
        break;
      case "stopped":
        events.emit("stopped", state);
        break;
      case "idle":
      case "requesting":
      case "failed":
        return;
    }
  }
}

/** What the embedding page is told of a session: each status once, never one before an earlier one. */

const ORDER = [
  "waiting",
  "pendingRequest",
  "active",
  "snapshotReceived",
  "viewerReady",
  "terminated",
] as const;

export type SessionStatus = (typeof ORDER)[number];

export class Milestones {
  readonly #tell: (status: SessionStatus) => void;
  /** Index of the last one told. */
  #last = -1;

  constructor(tell: (status: SessionStatus) => void) {
    this.#tell = tell;
  }

  /** The session is here now. `waiting` always comes first, whatever the session was when it was joined. */
  reach(status: SessionStatus): void {
    const at = ORDER.indexOf(status);
    if (at <= this.#last) return;
    if (this.#last < 0 && at > 0) this.#tell("waiting");
    this.#last = at;
    this.#tell(status);
  }
}

/** What a page can learn of the visit: for `Baton.on`, and the callbacks of `AssistSDK`. */
import type { EndedBy, Status } from "../wire/messages.ts";

/**
 * Where the page stands: `idle` without a connection, `standby` where another tab of this visitor is
 * the one that counts, `online` without a session; otherwise the status of its session.
 */
export type VisitStatus =
  | "idle"
  | "connecting"
  | "standby"
  | "online"
  | Exclude<Status, "terminated">;

/** What a page can listen to. */
export interface VisitEvents {
  status: VisitStatus;
  /** Four digits by which agents find the visitor. */
  lookupCode: string | undefined;
  /** A session of this page is over; `by` is absent where that is not known. */
  ended: { by?: EndedBy };
  error: { code: string; message: string };
}

/** Tells the page. */
export type Emit = <Event extends keyof VisitEvents>(
  event: Event,
  value: VisitEvents[Event],
) => void;

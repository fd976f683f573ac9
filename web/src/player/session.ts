/**
 * The interface of a stream session, the same in both dialects. Types only.
 *
 * A session object belongs to one player on one device. Its state says whether the player may play;
 * events tell of changes. Methods that end in a state never reject: trouble is a state, too.
 */
import type { BatonError } from "./error.ts";

/** A running session of the customer. What a dialect does not know is absent. */
export interface ActiveSession {
  sessionId: string;
  /** What its player called it: `sessionName`, or the service. */
  name: string;
  /** Whether it is this object's own. */
  isOwn: boolean;
  /** When it started, in milliseconds since 1970. */
  createdAt?: number;
  /** Whether its player has a connection right now (DRISC). */
  connected?: boolean;
  deviceId?: string;
  deviceType?: string;
  offerId?: string;
  tag?: string;
}

/** Nothing was asked for yet. */
export interface IdleState {
  status: "idle";
}

/** The server is asked. `renewing`: for a successor of a session that expired; play on meanwhile. */
export interface RequestingState {
  status: "requesting";
  renewing: boolean;
}

/** Play: the session counts. */
export interface PlayingState {
  status: "playing";
  sessionId: string;
  /** false: the connection is lost and comes back by itself; play on. */
  connected: boolean;
}

/** Play: nobody counts, because tracking is switched off or because Baton cannot be asked. */
export interface UntrackedState {
  status: "untracked";
  reason: "disabled" | "unavailable" | "refused";
  /** Why Baton could not be asked, or what it refused. */
  error?: BatonError;
}

/** Do not play: too many sessions. Offer `takeOver` with one of them where that is enabled. */
export interface LimitedState {
  status: "limited";
  sessions: ActiveSession[];
  takeOverEnabled: boolean;
}

/** Stop: another session plays in this one's place. */
export interface TakenOverState {
  status: "takenOver";
  /** The new session's name; empty where the server does not tell it. */
  by: string;
}

/** Stop: the session was replaced (a duplicated tab, the device started again) or ended by somebody. */
export interface TerminatedState {
  status: "terminated";
  reason: "replaced" | "ended" | "unknown";
  /** What an operator wrote. */
  note?: string;
}

/** The player stopped. */
export interface StoppedState {
  status: "stopped";
}

/** Do not play: something is wrong that asking again does not heal. */
export interface FailedState {
  status: "failed";
  error: BatonError;
}

/** Where a session stands. */
export type State =
  | IdleState
  | RequestingState
  | PlayingState
  | UntrackedState
  | LimitedState
  | TakenOverState
  | TerminatedState
  | StoppedState
  | FailedState;

/** What listeners are told, by event. */
export interface SessionEvents {
  /** Every change of state, `connected` included. */
  change: State;
  playing: PlayingState;
  untracked: UntrackedState;
  limited: LimitedState;
  takenOver: TakenOverState;
  terminated: TerminatedState;
  stopped: StoppedState;
  /** Trouble. `state.status` says whether it ended the session (`failed`) or not. */
  error: BatonError;
  /** The session is gone; a new one is asked for by itself. */
  expired: undefined;
  /** The connection is lost; the next try is in `delayMs`. */
  reconnecting: { attempt: number; delayMs: number };
  reconnected: undefined;
  /** One line of the conversation, for people. Tokens are never in it. */
  wire: WireLine;
}

/** A line of the conversation with the server. */
export interface WireLine {
  direction: "sent" | "received";
  text: string;
}

/** A stream session of one player. */
export interface PlayerSession {
  readonly state: State;
  /** Whether the player may play in this state. */
  readonly mayPlay: boolean;
  /** Asks for a session; what it comes to. Where one runs or is asked for already: that one. */
  start(): Promise<State>;
  /** Goes back to the session that this tab had before a reload; undefined if there was none. */
  resume(): Promise<State | undefined>;
  /** Ends one of the customer's running sessions and plays in its place. */
  takeOver(sessionId: string): Promise<State>;
  /** The player stopped: its slot is free when this resolves, or as soon as the server can be reached. */
  stop(): Promise<void>;
  /** The customer's running sessions. Rejects with a `BatonError`. */
  sessions(): Promise<ActiveSession[]>;
  /** Ends one of the customer's running sessions. Rejects with a `BatonError`. */
  end(sessionId: string): Promise<void>;
  /** Listens; the result stops listening. */
  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void;
  /** Lets go of timers and connections and says nothing to the server: a session may be resumed. */
  dispose(): void;
}

/** What both dialects are told by the page. */
export interface CommonOptions {
  /** Where Baton is, such as `https://baton.example.com`. */
  server: string;
  /** A fresh token of the customer, asked for at every call. */
  token: () => string | Promise<string>;
  /** Where the session is kept for `resume` after a reload; null: nowhere. Default: sessionStorage. */
  storage?: SessionStore | null;
  /** The key in `storage`; name one where one tab has several players. */
  storageKey?: string;
}

/** The part of `Storage` that is used. */
export type SessionStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

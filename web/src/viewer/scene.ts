/** Where the session stands for who watches it. Pure: what is known goes in, what is shown comes out. */
import type { Ending, Refusal } from "../wire/line.ts";
import type { EndedBy, ViewerSession, ViewerWelcome } from "../wire/messages.ts";

/** How the viewer's own connection is. */
export type Connection =
  | { state: "connecting" }
  | { state: "open" }
  /** Tries again at this time (`performance.now()`). */
  | { state: "broken"; retryAt: number; refusal?: Refusal };

export interface Knowledge {
  connection: Connection;
  /** Why there will be no other connection. */
  ending?: Ending;
  welcome?: ViewerWelcome;
  session?: ViewerSession;
  /** When an absent visitor's time is up (`performance.now()`). */
  backUntil?: number;
  /** A snapshot of this connection is in the mirror. */
  hasPicture: boolean;
}

export type Failure =
  | "used"
  | "unknown"
  | "tooMany"
  | "refused"
  | "superseded"
  | "left"
  | "outdated"
  | "broken"
  | "noToken";

export type Scene =
  | { name: "connecting" }
  /** `full`: as many watch as may; `away`: the node takes nobody; `lost`: nobody answers. */
  | { name: "unavailable"; why: "full" | "away" | "lost"; until: number }
  | { name: "waiting" }
  | { name: "asking" }
  | { name: "loading" }
  | { name: "live" }
  | { name: "left"; until?: number }
  | { name: "reconnecting"; until: number }
  | { name: "ended"; by?: EndedBy }
  | { name: "failed"; why: Failure };

export function sceneOf(known: Knowledge): Scene {
  const { connection, ending, session, backUntil, hasPicture } = known;
  if (session?.status === "terminated") {
    return session.endedBy ? { name: "ended", by: session.endedBy } : { name: "ended" };
  }
  if (ending) return endedScene(ending);
  if (connection.state === "broken") return brokenScene(connection, session !== undefined);
  if (connection.state === "connecting" || !session) return { name: "connecting" };
  if (session.status === "created" || session.status === "waiting") return { name: "waiting" };
  if (!session.visitorConnected) {
    return backUntil === undefined ? { name: "left" } : { name: "left", until: backUntil };
  }
  if (session.status === "pendingRequest") return { name: "asking" };
  return hasPicture ? { name: "live" } : { name: "loading" };
}

function brokenScene(
  { retryAt, refusal }: Extract<Connection, { state: "broken" }>,
  wasOpen: boolean,
): Scene {
  if (wasOpen) return { name: "reconnecting", until: retryAt };
  const why = refusal === undefined ? "lost" : refusal.status === 429 ? "full" : "away";
  return { name: "unavailable", why, until: retryAt };
}

function endedScene(ending: Ending): Scene {
  if (ending.by === "close") {
    // The close codes of docs/relay-protocol.md.
    if (ending.code === 4003) return { name: "ended" };
    const why = CLOSES[ending.code] ?? "broken";
    return { name: "failed", why };
  }
  if (ending.code === "SessionEnded") return { name: "ended" };
  return { name: "failed", why: REFUSALS[ending.status] ?? "broken" };
}

const CLOSES: Record<number, Failure> = {
  4002: "superseded",
  4004: "unknown",
  4010: "outdated",
  4011: "left",
};

const REFUSALS: Record<number, Failure> = {
  402: "tooMany",
  403: "refused",
  404: "unknown",
  410: "used",
};

/** Whether a new link would help. */
export function wantsNewLink(scene: Scene): boolean {
  if (scene.name === "ended") return true;
  return scene.name === "failed" && ["used", "unknown", "noToken"].includes(scene.why);
}

/** Whether the same link may work later. */
export function mayRetry(scene: Scene): boolean {
  return scene.name === "failed" && ["tooMany", "superseded", "broken"].includes(scene.why);
}

/** What the picture on the stage is: of now, of a while ago, or none to be seen. */
export function pictureOf(scene: Scene): "current" | "stale" | "hidden" {
  switch (scene.name) {
    case "live":
      return "current";
    case "loading":
    case "left":
    case "reconnecting":
      return "stale";
    default:
      return "hidden";
  }
}

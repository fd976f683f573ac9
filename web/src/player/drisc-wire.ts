/** What the DRISC dialect's answers, messages and close codes mean. Knows neither timers nor DOM. */
import type { BatonError } from "./error.ts";
import { type Answer, refusal } from "./http.ts";
import { members, number, parsed, present, text, truth } from "./json.ts";
import type { ActiveSession } from "./session.ts";

/** A session that the server gave: where its socket is. */
export interface Admitted {
  kind: "admitted";
  endpoint: string;
  sessionId: string;
}

/** What `POST /sessions` and `POST /takeover` come to. */
export type Admission =
  | Admitted
  | { kind: "untracked" }
  | { kind: "limited"; sessions: ActiveSession[]; takeOverEnabled: boolean }
  | { kind: "refused"; error: BatonError };

/** Success is exactly 200; the limit is told by `details.activeSessions`, whatever the status. */
export function readAdmission(answer: Answer): Admission {
  const { status, body } = answer;
  if (status !== 200) {
    const details = members(body.details);
    if (!Array.isArray(details.activeSessions)) return { kind: "refused", error: refusal(answer) };
    const takeOverEnabled = details.takeOverEnabled === true;
    return { kind: "limited", sessions: readSessions(details.activeSessions), takeOverEnabled };
  }
  if (body.enabled === false || body.status === "disabled") return { kind: "untracked" };
  const endpoint = text(body.endpoint);
  // A page of maintenance, or a portal's: refused by nobody.
  if (endpoint === undefined) return { kind: "refused", error: refusal(answer) };
  return { kind: "admitted", endpoint, sessionId: text(body.sessionId) ?? "" };
}

/** The list of running sessions; entries without an id are of no use. */
export function readSessions(list: unknown, own?: string): ActiveSession[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry) => {
    const it = members(entry);
    const sessionId = text(it.sessionId);
    if (sessionId === undefined) return [];
    return [
      present({
        sessionId,
        name: text(it.name) ?? "",
        isOwn: sessionId === own,
        createdAt: number(it.createdAt),
        connected: truth(it.connected),
        deviceId: text(it.deviceId),
        deviceType: text(it.deviceType),
        offerId: text(it.offerId),
        tag: text(it.tag),
      }) as ActiveSession,
    ];
  });
}

/** What the server says on the socket. */
export type ServerMessage =
  | { action: "OK" | "EXPIRED" | "PING" | "TERMINATE" }
  | { action: "TAKE_OVER"; sessionName: string };

/** undefined: not part of the protocol. */
export function readMessage(data: unknown): ServerMessage | undefined {
  const { action, sessionName } = members(typeof data === "string" ? parsed(data) : undefined);
  switch (action) {
    case "OK":
    case "EXPIRED":
    case "PING":
    case "TERMINATE":
      return { action };
    case "TAKE_OVER":
      return { action, sessionName: text(sessionName) ?? "" };
    default:
      return undefined;
  }
}

/** What a closed socket means for its session. */
export type Ending =
  /** The connection is gone and the session is not: the same endpoint again. */
  | "lost"
  | "finished"
  | "takenOver"
  | "replaced"
  | "ended"
  /** The slot is free: a new session must be asked for. */
  | "expired"
  /** The server does not understand this client. */
  | "protocol";

/** The table of close codes in Baton's README; 4000–4499 say not to come back to this endpoint. */
export function endingOf(code: number): Ending {
  switch (code) {
    case 4000:
      return "finished";
    case 4001:
      return "takenOver";
    case 4002:
      return "replaced";
    case 4003:
      return "ended";
    // Expired, PING not answered in time, REQUESTED not sent in time: as after a laptop's sleep.
    case 4004:
    case 4005:
    case 4007:
      return "expired";
    case 1003:
      return "protocol";
    default:
      return code >= 4000 && code <= 4499 ? "protocol" : "lost";
  }
}

/**
 * What a plain GET of the endpoint says of the upgrade, which a page is not told itself. Only Baton's
 * problem documents count: a balancer that passes no upgrades knows nothing of sessions.
 */
export function readProbe(status: number, body: string): "expired" | "refused" | "unknown" {
  if (text(members(parsed(body)).code) === undefined) return "unknown";
  if (status === 401 || status === 404 || status === 410) return "expired";
  return status === 403 ? "refused" : "unknown";
}

/** The endpoint as an address that can be fetched. */
export function probeAddress(endpoint: string): string {
  return endpoint.replace(/^ws/, "http");
}

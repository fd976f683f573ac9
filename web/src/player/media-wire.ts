/** What the answers of Media Play Sessions mean. Knows neither timers nor DOM. */
import type { BatonError } from "./error.ts";
import { type Answer, refusal } from "./http.ts";
import { members, number, present, text } from "./json.ts";
import type { ActiveSession } from "./session.ts";

/** JSON:API (jsonapi.org §5.1). */
export const JSON_API = "application/vnd.api+json";

/** The only refusal on which a player must not play. */
const TOO_MANY = "df1e80a";
/** The id lives with another type of device. */
const OTHER_DEVICE = "OtherDeviceType";
/** Where an answer does not tell the interval. */
const HEARTBEAT_MS = 60_000;

/** What a PUT or a heartbeat comes to. */
export type Verdict =
  | { kind: "live"; heartbeatMs: number }
  | { kind: "limited" }
  /** There is no such session (any more): PUT creates it again. */
  | { kind: "unknown" }
  | { kind: "takenOver"; by: string }
  | { kind: "terminated"; reason: "replaced" | "ended"; note?: string }
  /** The kept id lives with another type of device. */
  | { kind: "otherDevice" }
  /** Play on, and ask again. */
  | { kind: "unavailable"; error: BatonError }
  /** Play on; asking again is of no use. */
  | { kind: "refused"; error: BatonError };

/** `kept`: the id is from before a reload. Only such a one can be another device's. */
export function readVerdict(answer: Answer, method: "PUT" | "PATCH", kept: boolean): Verdict {
  const { status, body } = answer;
  if (status === 200 || status === 201) return { kind: "live", heartbeatMs: heartbeatOf(body) };
  if (status === 403 && body.code === TOO_MANY) return { kind: "limited" };
  const error = refusal(answer);
  // Nobody who knows of sessions answered.
  if (!error.isBatons) return { kind: "unavailable", error };
  if (status === 404 && method === "PATCH") return { kind: "unknown" };
  if (kept && error.code === OTHER_DEVICE) return { kind: "otherDevice" };
  if (status === 410) return ended(body);
  // The next call has a fresh token, which may be a better one.
  return { kind: error.isTransient || status === 401 ? "unavailable" : "refused", error };
}

/** The `data` of a list answer; what has no id is of no use. */
export function readEntities(data: unknown, own?: string): ActiveSession[] {
  if (!Array.isArray(data)) return [];
  return data.flatMap((entity) => {
    const { id, attributes } = members(entity);
    const it = members(attributes);
    const [sessionId, started] = [text(id), number(it.play_started_timestamp)];
    if (sessionId === undefined) return [];
    const deviceType = text(it.device_type);
    return [
      present({
        sessionId,
        name: text(it.service) ?? deviceType ?? "",
        isOwn: sessionId === own,
        createdAt: started === undefined ? undefined : started * 1000,
        deviceType,
      }) as ActiveSession,
    ];
  });
}

/** A request's body. */
export function entityOf(deviceType: string, service: string | undefined): object {
  const attributes = { device_type: deviceType, service };
  return { data: { type: "MediaPlaySession", attributes } };
}

function heartbeatOf(body: Record<string, unknown>): number {
  const seconds = number(members(body.meta).heartbeat_seconds);
  return seconds !== undefined && seconds > 0 ? seconds * 1000 : HEARTBEAT_MS;
}

function ended(body: Record<string, unknown>): Verdict {
  if (body.reason === "taken_over") {
    return { kind: "takenOver", by: text(members(body.takenOverBy).name) ?? "" };
  }
  const reason = body.reason === "replaced" ? "replaced" : "ended";
  const note = text(body.note);
  return { kind: "terminated", reason, ...(note === undefined ? {} : { note }) };
}

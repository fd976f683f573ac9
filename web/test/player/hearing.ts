/** What a session of the package tells, by name. */
import type { PlayerSession } from "../../src/player/index.ts";

const EVENTS = [
  "playing",
  "untracked",
  "limited",
  "takenOver",
  "terminated",
  "stopped",
  "error",
  "expired",
  "reconnecting",
  "reconnected",
] as const;

/** Notes the name of each event as it comes. */
export function hears(session: PlayerSession, heard: string[]): void {
  for (const name of EVENTS) session.on(name, () => heard.push(name));
}

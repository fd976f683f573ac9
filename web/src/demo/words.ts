/** What a viewer reads of a session's state. */
import type { State } from "../player/index.ts";

/** A word for the device's corner, and the text on its screen. */
export interface Words {
  pill: string;
  headline: string;
  detail: string;
}

export function words(state: State): Words {
  switch (state.status) {
    case "idle":
      return { pill: "Off", headline: "Ready to play", detail: "" };
    case "requesting":
      return state.renewing
        ? { pill: "Playing", headline: "", detail: "" }
        : { pill: "Starting", headline: "Just a moment…", detail: "" };
    case "playing":
      return state.connected
        ? { pill: "Playing", headline: "", detail: "" }
        : { pill: "Reconnecting", headline: "", detail: "Connection lost. Playing on." };
    case "untracked": {
      const disabled = state.reason === "disabled";
      const detail = disabled ? "Streams are not counted." : "Baton is away. Playing on.";
      return { pill: "Playing", headline: "", detail };
    }
    case "limited":
      return {
        pill: "Waiting",
        headline: "Too many streams",
        detail: "This account is playing on other devices.",
      };
    case "takenOver":
      return {
        pill: "Off",
        headline: `${state.by || "Another device"} is playing now`,
        detail: "This stream was moved there.",
      };
    case "terminated":
      return state.reason === "replaced"
        ? {
            pill: "Off",
            headline: "Playing in another tab",
            detail: "This device was started again there.",
          }
        : { pill: "Off", headline: "The stream was ended", detail: "Somebody ended it elsewhere." };
    case "stopped":
      return { pill: "Off", headline: "Stopped", detail: "The slot is free again." };
    case "failed":
      return { pill: "Off", headline: "This did not work", detail: state.error.message };
  }
}

/** How long ago, for people. */
export function since(createdAt: number | undefined, now: number): string {
  if (createdAt === undefined) return "";
  const minutes = Math.floor(Math.max(0, now - createdAt) / 60_000);
  const at = new Date(createdAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (minutes < 1) return "started just now";
  return minutes < 60 ? `since ${at}, ${minutes} min` : `since ${at}`;
}

/** What each scene is called, in plain sentences. */
import type { EndedBy } from "../wire/messages.ts";
import type { ControlState } from "./control.ts";
import type { Failure, Scene } from "./scene.ts";

export interface Words {
  /** A word or two for the header. */
  pill: string;
  headline: string;
  detail: string;
}

/**
 * `seconds`: until the scene's time is up; undefined where it has none, or it is. `isSlow`: it has
 * lasted longer than it should.
 */
export function wordsOf(
  scene: Scene,
  visitor: string,
  seconds: number | undefined,
  isSlow = false,
): Words {
  switch (scene.name) {
    case "connecting":
      return words("Connecting", "Connecting…", "Opening the session.");
    case "unavailable":
      return words("Unavailable", UNAVAILABLE[scene.why], again(seconds));
    case "waiting":
      return words(
        "Waiting",
        "Waiting for the visitor’s browser",
        "The session starts as soon as the visitor’s page answers. That takes longer if the page was closed.",
      );
    case "asking":
      return words(
        "Asking",
        `Waiting for ${visitor} to accept`,
        "The visitor sees your name and is asked to share the page. Nothing is shown before that.",
      );
    case "loading":
      return words(
        "Starting",
        "Loading the page",
        isSlow ? SLOW : `${upper(visitor)} has accepted.`,
      );
    case "live":
      return words("Live", "", "");
    case "left":
      return words("Visitor away", `${upper(visitor)} left the page`, backIn(seconds));
    case "reconnecting":
      return words("Reconnecting", "Your connection was interrupted", again(seconds));
    case "ended":
      return words("Ended", "The session has ended", ENDED[scene.by ?? "none"]);
    case "failed":
      return FAILED[scene.why];
  }
}

const UNAVAILABLE = {
  full: "The session is full",
  away: "The service is not available at the moment",
  lost: "No connection to the service",
};

const SLOW = "This takes longer than usual. The page is asked for again every few seconds.";

const ENDED: Record<EndedBy | "none", string> = {
  customer: "The visitor ended it.",
  agent: "It was ended by an agent.",
  operator: "An operator of the service ended it.",
  declined: "The visitor declined to share the page.",
  timeout: "Nothing had happened for a while.",
  deserted: "The visitor did not come back in time, or nobody was watching any more.",
  none: "It is over and cannot be opened again.",
};

const FAILED: Record<Failure, Words> = {
  used: words(
    "Link used",
    "This link has been used already",
    "A watch link opens once. Ask for a new one to watch this visitor.",
  ),
  unknown: words(
    "Link not valid",
    "This link is not valid any more",
    "It has expired, or the visitor is not known any more. Ask for a new one.",
  ),
  tooMany: words(
    "Limit reached",
    "Too many sessions are being watched",
    "As many sessions are open as your plan allows. End another one, then try again.",
  ),
  refused: words(
    "Not allowed",
    "This page may not open the session",
    "The address this viewer was opened from is not on the service’s list.",
  ),
  superseded: words(
    "Moved",
    "The session is open in another window",
    "You can go on there, or bring it back here.",
  ),
  left: words("Left", "You have left the session", "You can close this page."),
  outdated: words(
    "Outdated",
    "This viewer is out of date",
    "Reload the page to get the current one.",
  ),
  broken: words(
    "Interrupted",
    "The session was interrupted",
    "Something unexpected came between. Try again.",
  ),
  noToken: words("No session", "This address names no session", "Open the viewer by a watch link."),
};

/** What the agent can know of control, beside the button that does something about it. */
export const CONTROL_TEXTS: Record<ControlState, string> = {
  none: "",
  asked: "Waiting for the visitor to allow control…",
  granted: "You are in control: click, type and scroll. Shift + Esc takes the keyboard back.",
  declined: "The visitor declined.",
  revoked: "Control was taken back.",
  other: "Somebody else is in control.",
};

function words(pill: string, headline: string, detail: string): Words {
  return { pill, headline, detail };
}

function again(seconds: number | undefined): string {
  return seconds === undefined ? "Trying again…" : `Trying again in ${seconds} s.`;
}

function backIn(seconds: number | undefined): string {
  const time = seconds === undefined ? "" : ` The session is kept open for ${seconds} s.`;
  return `The page is being reloaded, was closed, or lost its connection.${time}`;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

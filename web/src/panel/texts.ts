/** Every word that a visitor reads. `BatonConfig.texts` replaces any of them by its name. */

/** `{names}` are all agents who watch, `{name}` is one of them. */
const ENGLISH = {
  /** BCP 47 tag of the language of these texts. */
  language: "en",
  /** Stands for an agent of whom no name is known. */
  someone: "Our agent",
  /** Between two names. */
  and: " and ",
  /** Headline of the question before anybody sees the page. */
  consentTitle: "{names} would like to see this page",
  /** What they would see. */
  consentShown:
    "They will see this site in this tab, and follow you from page to page. Nothing else on your device is visible to them.",
  /** What they would not see. */
  consentHidden: "What you type into password and payment fields stays hidden.",
  /** How it ends. */
  consentStop: "You can stop at any time.",
  /** The button that lets them. */
  allow: "Allow",
  /** The button that does not; Escape does the same. */
  decline: "Decline",
  /** Headline of the question before an agent operates the page. */
  controlTitle: "{name} would like to control this page",
  /** What that means. */
  controlText:
    "They could scroll, click and type here for you. You keep control as well, and can take it back at any time.",
  /** The button that gives control. */
  allowControl: "Give control",
  /** The button that does not; Escape does the same. */
  declineControl: "Not now",
  /** Accessible name of the banner. */
  banner: "Shared page",
  /** In the banner, as long as the page is seen. */
  watched: "{names} can see this page",
  /** The same while one of them has control. */
  controlled: "{name} can see and control this page",
  /** The same while the connection is broken. */
  reconnecting: "Reconnecting…",
  /** Ends the session. */
  stop: "Stop sharing",
  /** Ends an agent's control. */
  takeBack: "Take back control",
  /** Makes the banner small. */
  shrink: "Make this smaller",
  /** Shows all of the banner again. */
  grow: "Show all",
  /** Takes the last notice off the page. */
  dismiss: "Close",
  /** The session is over: the visitor ended it. */
  endedCustomer: "You stopped sharing. Nobody sees this page any more.",
  /** The visitor declined. */
  endedDeclined: "You declined. Nobody can see this page.",
  /** An agent ended it. */
  endedAgent: "The agent ended the session. Nobody sees this page any more.",
  /** The site's operator ended it. */
  endedOperator: "The session was ended. Nobody sees this page any more.",
  /** Nobody did anything for long. */
  endedTimeout: "The session ended after a long pause. Nobody sees this page any more.",
  /** Nobody watched any more, or the page was away for too long. */
  endedDeserted: "The session is over, as nobody was watching. Nobody sees this page any more.",
  /** For a reason that is not known. */
  ended: "The session is over. Nobody sees this page any more.",
};

export type Texts = typeof ENGLISH;
export type TextName = keyof Texts;

/** The texts of a site: its own where it has some. */
export function textsOf(own: Record<string, string> = {}): Texts {
  const known = Object.entries(own).filter(
    ([name, text]) => name in ENGLISH && typeof text === "string",
  );
  return { ...ENGLISH, ...Object.fromEntries(known) };
}

/** Puts values in the place of their names in braces; what has no value stays. */
export function filled(text: string, values: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

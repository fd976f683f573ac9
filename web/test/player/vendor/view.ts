/** What the viewer sees of a session; decides nothing. */
import type { ActiveSession, SocketState, Status } from "./drisc.ts";

/** The text over the screen. */
interface Words {
  headline: string;
  detail: string;
}

/** The page's elements, and how they show a status. */
export class PlayerView {
  readonly form = element("request", HTMLFormElement);
  readonly stop = element("stop", HTMLButtonElement);
  readonly #root = element("player", HTMLElement);
  readonly #play = element("play", HTMLButtonElement);
  readonly #headline = element("headline", HTMLElement);
  readonly #detail = element("detail", HTMLElement);
  readonly #sessions = element("sessions", HTMLUListElement);
  readonly #log = element("log", HTMLOListElement);
  readonly #takeOver: (sessionId: string) => void;

  constructor(takeOver: (sessionId: string) => void) {
    this.#takeOver = takeOver;
  }

  /** Shows where the session stands; the attributes are for tests. */
  show(status: Status, socket: SocketState): void {
    const { headline, detail } = words(status, socket);
    this.#headline.textContent = headline;
    this.#detail.textContent = detail;
    this.#sessions.replaceChildren(
      ...(status.state === "limited"
        ? status.sessions.map((session) => this.#row(session, status.takeOverEnabled))
        : []),
    );
    const playing = status.state === "playing";
    const leaving = status.state === "finished" && socket === "open";
    this.#play.disabled = playing || leaving || status.state === "requesting";
    this.stop.disabled = !playing;
    this.#root.dataset.socket = socket;
    this.#root.dataset.state = status.state;
  }

  /** Adds a line to the conversation. */
  log(direction: "sent" | "received", text: string): void {
    const item = document.createElement("li");
    item.dataset.direction = direction;
    item.textContent = text;
    this.#log.append(item);
  }

  #row(session: ActiveSession, takeOverEnabled: boolean): HTMLLIElement {
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = session.name;
    const row = document.createElement("li");
    row.append(name);
    if (takeOverEnabled) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Take over";
      button.setAttribute("aria-label", `Take over ${session.name}`);
      button.addEventListener("click", () => this.#takeOver(session.sessionId));
      row.append(button);
    }
    return row;
  }
}

function words(status: Status, socket: SocketState): Words {
  switch (status.state) {
    case "idle":
      return { headline: "Ready", detail: "Press Play to ask for a stream session." };
    case "requesting":
      return {
        headline: "Asking for a session…",
        detail: "The picture starts when it is granted.",
      };
    case "limited":
      return {
        headline: "Too many streams",
        detail: status.takeOverEnabled
          ? "Your account is playing elsewhere. Take a session over to watch here instead."
          : "Your account is playing elsewhere. Stop a session there to watch here.",
      };
    case "playing":
      return { headline: "Playing", detail: playingDetail(status.tracked, socket) };
    case "taken_over":
      return { headline: "Taken over", detail: `“${status.successor}” is playing now.` };
    case "terminated":
      return {
        headline: "Moved to another tab",
        detail: "A newer connection of this same session has replaced this one.",
      };
    case "expired":
      return { headline: "Session expired", detail: "Asking for a new one." };
    case "finished":
      return {
        headline: "Finished",
        detail: socket === "open" ? "Telling the server…" : "Your slot is free again.",
      };
    case "error":
      return { headline: "System error", detail: status.reason };
  }
}

function playingDetail(tracked: boolean, socket: SocketState): string {
  if (!tracked) return "Session tracking is disabled: this stream is not counted.";
  return socket === "closed" ? "The connection is lost. Reload the page to reconnect." : "";
}

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no <${type.name} id="${id}">`);
  return found;
}

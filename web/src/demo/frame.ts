/** The viewer in a frame, and the buttons that control it by messages (README, "The viewer in a frame"). */
import { find } from "../page/elements.ts";

type Mode = "cursor" | "pointer" | "draw";
type Control = "none" | "asked" | "granted" | "declined" | "revoked" | "other";

/** What the viewer says. */
interface FromViewer {
  type?: string;
  sessionStatus?: string;
  color?: string;
  control?: Control;
}

const CONTROL: Record<Control, string> = {
  none: "Request control",
  asked: "The visitor is asked …",
  granted: "Release control",
  declined: "Declined: request again",
  revoked: "Taken back: request again",
  other: "Another agent has control",
};

const STATES: Record<string, string> = {
  waiting: "Waiting for the visitor's browser",
  pendingRequest: "The visitor is asked",
  active: "The session has started",
  snapshotReceived: "The page has arrived",
  viewerReady: "Live",
  terminated: "The session is over",
};

export class Frame {
  readonly #desk = find(document, ".desk", HTMLElement);
  readonly #stage = find(document, ".stage", HTMLElement);
  readonly #tools = find(document, ".tools", HTMLElement);
  readonly #details = find(document, ".messages", HTMLElement);
  readonly #messages = find(document, "#messages", HTMLElement);
  readonly #swatch = find(document, ".swatch", HTMLElement);
  readonly #control = find(document, "#control", HTMLElement);
  #frame: HTMLIFrameElement | undefined;

  constructor() {
    for (const button of document.querySelectorAll<HTMLElement>("[data-mode]")) {
      button.addEventListener("click", () => this.#setMode(button.dataset.mode as Mode));
    }
    find(document, "#color", HTMLElement).addEventListener("click", () =>
      this.#say({ action: "switchColor" }),
    );
    this.#control.addEventListener("click", () => {
      const isGranted = this.#control.dataset.control === "granted";
      this.#say({ action: isGranted ? "releaseControl" : "requestControl" });
    });
    find(document, "#end", HTMLElement).addEventListener("click", () =>
      this.#say({ action: "endSession" }),
    );
    addEventListener("message", (event) => {
      if (event.source !== this.#frame?.contentWindow) return;
      this.#heard(event.data);
    });
  }

  /** Shows that session instead of the one before. */
  open(url: string): void {
    this.#frame = document.createElement("iframe");
    this.#frame.title = "The visitor's page";
    this.#frame.src = url;
    this.#stage.replaceChildren(this.#frame);
    this.#stage.scrollIntoView({ block: "nearest" });
    this.#messages.replaceChildren();
    this.#tools.hidden = false;
    this.#details.hidden = false;
    this.#desk.dataset.state = "opening";
    this.#press("cursor");
    this.#controlled("none");
  }

  #setMode(mode: Mode): void {
    this.#press(mode);
    this.#say({ action: "setMode", mode });
  }

  #press(mode: Mode): void {
    for (const button of document.querySelectorAll<HTMLElement>("[data-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    }
  }

  #say(message: { action: string; mode?: Mode }): void {
    this.#frame?.contentWindow?.postMessage(message, new URL(this.#frame.src).origin);
    this.#note("sent", JSON.stringify(message));
  }

  #controlled(control: Control): void {
    this.#control.dataset.control = control;
    this.#control.textContent = CONTROL[control];
  }

  #heard(message: FromViewer): void {
    this.#note("received", JSON.stringify(message));
    if (message.type === "controlUpdate" && message.control) this.#controlled(message.control);
    if (message.type === "currentColor" && message.color) {
      this.#swatch.style.background = message.color;
    }
    if (message.type === "sessionStatusUpdate" && message.sessionStatus) {
      this.#desk.dataset.state = message.sessionStatus;
      this.#note("received", STATES[message.sessionStatus] ?? message.sessionStatus);
      this.#tools.hidden = message.sessionStatus === "terminated";
    }
  }

  #note(direction: "sent" | "received", text: string): void {
    const item = document.createElement("li");
    item.dataset.direction = direction;
    item.textContent = text;
    this.#messages.append(item);
  }
}

/** The toolbar: shows what the tools and the control are, and drives them. */
import { element } from "../page/elements.ts";
import { COLOR_NAMES, COLORS } from "./colors.ts";
import type { Control } from "./control.ts";
import type { Stage } from "./stage.ts";
import { CONTROL_TEXTS } from "./texts.ts";
import { MODES, type Mode, type Tools } from "./tools.ts";

/** How long it is said that a request was declined, or control was taken back. */
const NEWS_MS = 6000;

export class Toolbar {
  readonly #root = element("tools", HTMLElement);
  readonly #control = element("control", HTMLButtonElement);
  readonly #controlLabel = element("control-label", HTMLElement);
  readonly #hint = element("control-hint", HTMLElement);
  readonly #address = element("address", HTMLFormElement);
  readonly #url = element("url", HTMLInputElement);
  readonly #clear = element("clear", HTMLButtonElement);
  readonly #zoom = element("zoom", HTMLButtonElement);
  readonly #colors = element("colors", HTMLElement);
  readonly #parts: { tools: Tools; control: Control; stage: Stage };
  /** What the buttons of the tools say where they may be used: the page's own words. */
  readonly #titles: Record<Mode, string>;
  #newsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(tools: Tools, control: Control, stage: Stage) {
    this.#parts = { tools, control, stage };
    this.#colors.append(...COLORS.map((color) => this.#swatch(color)));
    const title = (mode: Mode) => this.#modeButton(mode).title;
    this.#titles = { cursor: title("cursor"), pointer: title("pointer"), draw: title("draw") };
    for (const mode of MODES)
      this.#modeButton(mode).addEventListener("click", () => tools.choose(mode));
    this.#clear.addEventListener("click", () => tools.clear());
    this.#control.addEventListener("click", () => this.#toggleControl());
    this.#address.addEventListener("submit", (event) => this.#redirect(event));
    this.#url.addEventListener("input", () => this.#url.setCustomValidity(""));
    this.#zoom.addEventListener("click", () => this.#toggleZoom());
  }

  /** `waiting`: it is there, and of no use for the moment. */
  set presence(presence: "ready" | "waiting" | "hidden") {
    this.#root.hidden = presence === "hidden";
    this.#root.inert = presence !== "ready";
    this.#hint.hidden = presence !== "ready";
  }

  /** Shows everything as it is now. */
  update(): void {
    const { tools } = this.#parts;
    for (const mode of MODES) {
      const button = this.#modeButton(mode);
      press(button, mode === tools.mode);
      const may = tools.may(mode);
      button.setAttribute("aria-disabled", String(!may));
      button.title = may ? this.#titles[mode] : "Not permitted by the watch link";
    }
    this.#clear.disabled = !tools.may("draw");
    for (const swatch of this.#swatches()) press(swatch, swatch.dataset.color === tools.color);
    this.#root.style.setProperty("--ink", tools.color);
    this.#updateControl();
  }

  #updateControl(): void {
    const { control } = this.#parts;
    const { state } = control;
    const label = {
      none: "Request control",
      asked: "Asked…",
      granted: "Release control",
      declined: "Request control",
      revoked: "Request control",
      other: "Request control",
    }[state];
    this.#controlLabel.textContent = label;
    this.#control.setAttribute("aria-label", label);
    this.#control.dataset.state = state;
    this.#control.disabled = !control.isOffered || state === "asked" || state === "other";
    this.#control.title = control.isOffered
      ? "Ask the visitor to let you click, type and scroll"
      : "The watch link permits no control";
    if (state === "other") this.#control.title = CONTROL_TEXTS.other;
    this.#address.hidden = !control.mayRedirect;
    this.#tell(CONTROL_TEXTS[state], state === "declined" || state === "revoked");
  }

  #tell(text: string, isNews: boolean): void {
    if (this.#hint.textContent === text) return;
    clearTimeout(this.#newsTimer);
    this.#hint.textContent = text;
    if (isNews) {
      this.#newsTimer = setTimeout(() => {
        this.#hint.textContent = "";
      }, NEWS_MS);
    }
  }

  #toggleControl(): void {
    const { control } = this.#parts;
    if (control.isGranted) control.release();
    else control.request();
  }

  #redirect(event: Event): void {
    event.preventDefault();
    if (this.#parts.control.redirect(this.#url.value)) {
      this.#url.value = "";
      return;
    }
    this.#url.setCustomValidity("Enter a web address, such as shop.com/help");
    this.#url.reportValidity();
  }

  #toggleZoom(): void {
    const { stage } = this.#parts;
    stage.zoom = stage.zoom === "fit" ? "full" : "fit";
    const isFull = stage.zoom === "full";
    this.#zoom.setAttribute("aria-pressed", String(isFull));
    this.#zoom.title = isFull ? "Fit into the window" : "Show at full size";
  }

  #swatch(color: string): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.color = color;
    button.style.setProperty("--swatch", color);
    button.title = COLOR_NAMES[color] ?? color;
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", () => {
      this.#parts.tools.color = color;
    });
    return button;
  }

  #swatches(): NodeListOf<HTMLButtonElement> {
    return this.#colors.querySelectorAll("button");
  }

  #modeButton(mode: Mode): HTMLButtonElement {
    const button = this.#root.querySelector<HTMLButtonElement>(`[data-mode="${mode}"]`);
    if (!button) throw new Error(`the page has no button for ${mode}`);
    return button;
  }
}

function press(button: HTMLButtonElement, isPressed: boolean): void {
  button.setAttribute("aria-pressed", String(isPressed));
}

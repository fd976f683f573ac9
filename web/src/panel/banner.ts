/** Says, as long as it is so, that the page is seen, by whom, and how that ends. */
import { make } from "../page/elements.ts";
import { button, svg } from "./element.ts";
import type { Texts } from "./texts.ts";

/** What the banner says. */
export interface BannerState {
  words: string;
  /** The connection is broken. */
  isAway: boolean;
  /** Somebody can operate the page. */
  isControlled: boolean;
}

export class Banner {
  readonly element: HTMLElement;
  readonly #texts: Texts;
  readonly #words = make("span", "text");
  readonly #state = make("span", "state");
  readonly #takeBack: HTMLButtonElement;
  readonly #size: HTMLButtonElement;

  constructor(texts: Texts, stop: () => void, takeBack: () => void) {
    this.#texts = texts;
    this.#takeBack = button("act", texts.takeBack, takeBack);
    this.#size = button("size", "", () => this.#resize(!this.#isSmall));
    const words = make("span", "words", this.#words, " ", this.#state);
    const stopping = button("act primary", texts.stop, stop);
    const buttons = make("span", "buttons", this.#takeBack, stopping);
    const short = make("span", "short", texts.banner);
    const dot = make("span", "dot");
    this.element = make("section", "banner", dot, words, short, buttons, this.#size);
    this.element.setAttribute("aria-label", texts.banner);
    this.#resize(false);
    makeMovable(this.element);
  }

  show({ words, isAway, isControlled }: BannerState): void {
    // Of what has not changed, a screen reader need not tell again.
    if (this.#words.textContent !== words) this.#words.textContent = words;
    this.#state.textContent = isAway ? this.#texts.reconnecting : "";
    this.element.classList.toggle("away", isAway);
    this.#takeBack.hidden = !isControlled;
    // What changes who may do what is worth the whole banner.
    if (isControlled && !this.#wasControlled) this.#resize(false);
    this.#wasControlled = isControlled;
  }

  #wasControlled = false;

  get #isSmall(): boolean {
    return this.element.classList.contains("small");
  }

  #resize(toSmall: boolean): void {
    this.element.classList.toggle("small", toSmall);
    const name = toSmall ? this.#texts.grow : this.#texts.shrink;
    this.#size.setAttribute("aria-label", name);
    this.#size.title = name;
    this.#size.setAttribute("aria-expanded", String(!toSmall));
    this.#size.replaceChildren(chevron(toSmall));
  }
}

/** A notice that the session is over. */
export function notice(text: string, dismissText: string, dismiss: () => void): HTMLElement {
  const closing = button("", dismissText, dismiss);
  const words = make("span", "words", text);
  const shown = make("section", "banner away", make("span", "dot"), words, closing);
  makeMovable(shown);
  return shown;
}

function chevron(isUp: boolean): SVGElement {
  const icon = svg("svg", {
    width: "20",
    height: "20",
    viewBox: "0 0 20 20",
    "aria-hidden": "true",
  });
  const path = svg("path", {
    d: isUp ? "M4 13l6-6 6 6" : "M4 7l6 6 6-6",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "2",
    "stroke-linecap": "round",
  });
  icon.append(path);
  return icon;
}

/** By pointer, so that it never hides what the visitor needs; it stays inside the window. */
function makeMovable(moved: HTMLElement): void {
  let from: { x: number; y: number } | undefined;
  moved.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element && event.target.closest("button")) return;
    const { left, top } = moved.getBoundingClientRect();
    from = { x: event.clientX - left, y: event.clientY - top };
    moved.setPointerCapture(event.pointerId);
    moved.classList.add("held");
  });
  moved.addEventListener("pointermove", (event) => {
    if (!from) return;
    const { width, height } = moved.getBoundingClientRect();
    const within = (value: number, most: number) => Math.max(0, Math.min(value, most));
    moved.classList.add("moved");
    moved.style.left = `${within(event.clientX - from.x, innerWidth - width)}px`;
    moved.style.top = `${within(event.clientY - from.y, innerHeight - height)}px`;
  });
  const drop = () => {
    from = undefined;
    moved.classList.remove("held");
  };
  moved.addEventListener("pointerup", drop);
  moved.addEventListener("pointercancel", drop);
}

/** The conversation of all devices with the server, for people. */
import { find, make } from "../page/elements.ts";
import type { WireLine } from "../player/index.ts";

/** Older lines go: a page may be open for days. */
const MOST = 500;

export class WireLog {
  readonly #log = find(document, "#log", HTMLOListElement);
  readonly #count = find(document, "#lines", HTMLElement);
  #lines = 0;

  constructor() {
    const details = find(document, "#wire", HTMLDetailsElement);
    details.addEventListener("toggle", () => this.#toEnd());
  }

  add(device: string, { direction, text }: WireLine): void {
    const item = make("li", "");
    item.dataset.direction = direction;
    item.dataset.device = device;
    const arrow = make("span", "arrow", direction === "sent" ? "→" : "←");
    arrow.setAttribute("aria-label", direction);
    arrow.setAttribute("role", "img");
    item.append(
      make("time", "", new Date().toTimeString().slice(0, 8)),
      make("span", "who", device),
      arrow,
      make("code", "", text),
    );
    this.#log.append(item);
    if (this.#log.children.length > MOST) this.#log.firstElementChild?.remove();
    this.#lines += 1;
    this.#count.textContent = `${this.#lines} ${this.#lines === 1 ? "message" : "messages"}`;
    this.#toEnd();
  }

  #toEnd(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}

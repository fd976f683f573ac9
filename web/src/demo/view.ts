/** A device as the page shows it; decides nothing. */
import { find } from "../page/elements.ts";
import type { State } from "../player/index.ts";
import type { Device } from "./devices.ts";
import { words } from "./words.ts";

/** What the viewer can ask a device for. */
export interface DeviceHost {
  play(): void;
  stop(): void;
  /** Show again what runs elsewhere. */
  choose(): void;
  remove(): void;
}

export class DeviceView {
  readonly element: HTMLLIElement;
  readonly play: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #choose: HTMLButtonElement;
  readonly #pill: HTMLElement;
  readonly #headline: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #clock: HTMLElement;
  readonly #ticking: ReturnType<typeof setInterval>;
  #playingSince: number | undefined;

  constructor(device: Device, host: DeviceHost) {
    const template = find(document, "#device", HTMLTemplateElement).content;
    this.element = find(template, "li", HTMLLIElement).cloneNode(true) as HTMLLIElement;
    this.element.dataset.kind = device.kind;
    this.element.dataset.name = device.name;
    const button = (selector: string) => find(this.element, selector, HTMLButtonElement);
    const text = (selector: string) => find(this.element, selector, HTMLElement);
    text(".name").textContent = device.name;
    this.#pill = text(".pill");
    this.#headline = text(".headline");
    this.#detail = text(".detail");
    this.#clock = text(".clock");
    this.play = button(".play");
    this.#stop = button(".stop");
    this.#choose = button(".choose");
    const remove = button(".remove");
    for (const [of, verb] of [
      [this.play, "Play on"],
      [this.#stop, "Stop"],
      [this.#choose, "Choose a stream to end for"],
      [remove, "Remove"],
    ] as const) {
      of.setAttribute("aria-label", `${verb} ${device.name}`);
    }
    this.play.addEventListener("click", () => host.play());
    this.#stop.addEventListener("click", () => host.stop());
    this.#choose.addEventListener("click", () => host.choose());
    remove.addEventListener("click", () => host.remove());
    this.#ticking = setInterval(() => this.#tick(), 1000);
  }

  /** Shows where the session stands; the attributes are for style sheets and tests. */
  show(state: State, mayPlay: boolean): void {
    const { pill, headline, detail } = words(state);
    this.#pill.textContent = pill;
    this.#headline.textContent = headline;
    this.#detail.textContent = detail;
    const hadFocus = this.element.contains(document.activeElement);
    const asking = state.status === "requesting" && !mayPlay;
    this.play.hidden = mayPlay || asking || state.status === "limited";
    this.#stop.hidden = !mayPlay && !asking;
    this.#choose.hidden = state.status !== "limited";
    // A button that is hidden loses the focus; it goes to the one in its place.
    if (hadFocus) [this.play, this.#stop, this.#choose].find((it) => !it.hidden)?.focus();
    this.#playingSince = mayPlay ? (this.#playingSince ?? Date.now()) : undefined;
    this.#tick();
    this.element.dataset.connected = String(state.status !== "playing" || state.connected);
    this.element.dataset.state = state.status;
    this.element.dataset.picture = mayPlay ? "on" : "off";
  }

  remove(): void {
    clearInterval(this.#ticking);
    this.element.remove();
  }

  #tick(): void {
    const seconds = Math.floor((Date.now() - (this.#playingSince ?? Date.now())) / 1000);
    const rest = String(seconds % 60).padStart(2, "0");
    this.#clock.textContent = `${Math.floor(seconds / 60)}:${rest}`;
  }
}

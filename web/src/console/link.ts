/** Whether the console is told anything, and by whom. */
import { element } from "../page/elements.ts";
import { setText } from "./page.ts";
import { span, timeOfDay } from "./words.ts";

export class LinkView {
  readonly #root = element("link", HTMLElement);
  readonly #text = element("link-text", HTMLElement);
  readonly #again = element("link-again", HTMLElement);
  readonly #retry = element("retry", HTMLButtonElement);
  #sinceMs: number | undefined;
  #againAtMs = 0;

  constructor(retry: () => void) {
    this.#retry.addEventListener("click", retry);
    setInterval(() => this.#tick(), 500);
  }

  heard(toldBy: string): void {
    this.#sinceMs = undefined;
    this.#show("live", `live from ${toldBy}`);
  }

  lost(againAtMs: number, reason: string | undefined): void {
    this.#sinceMs ??= Date.now();
    this.#againAtMs = againAtMs;
    const because = reason === undefined ? "" : `: ${reason}`;
    this.#show("lost", `disconnected since ${timeOfDay(this.#sinceMs)}${because}`);
    this.#tick();
  }

  closed(): void {
    this.#sinceMs = undefined;
    this.#show("closed", "not logged in");
  }

  #show(state: "live" | "lost" | "closed", text: string): void {
    this.#root.dataset.state = state;
    this.#retry.hidden = state !== "lost";
    setText(this.#text, text);
    if (state !== "lost") setText(this.#again, "");
  }

  #tick(): void {
    if (this.#sinceMs === undefined) return;
    const wait = this.#againAtMs - Date.now();
    setText(
      this.#again,
      wait > 0 ? `next try in ${span(Math.ceil(wait / 1000) * 1000)}` : "trying",
    );
  }
}

/** What is told over the stage, in every mode of the viewer: the scene in words, and what to do. */
import { element } from "../page/elements.ts";
import { webUrl } from "./address.ts";
import { mayRetry, type Scene, wantsNewLink } from "./scene.ts";
import type { Words } from "./texts.ts";

export class Card {
  readonly #headline = element("headline", HTMLElement);
  readonly #detail = element("detail", HTMLElement);
  readonly #newLink = element("new-link", HTMLButtonElement);
  readonly #again = element("again", HTMLButtonElement);
  #retryUrl: string | undefined;

  constructor(again: () => void) {
    this.#again.addEventListener("click", again);
    this.#newLink.addEventListener("click", () => {
      if (this.#retryUrl) location.assign(this.#retryUrl);
    });
  }

  show(scene: Scene, { headline, detail }: Words, retryUrl: string | undefined): void {
    // Unchanged texts stay: screen readers would read them again.
    if (this.#headline.textContent !== headline) this.#headline.textContent = headline;
    if (this.#detail.textContent !== detail) this.#detail.textContent = detail;
    this.#retryUrl = wantsNewLink(scene) ? webUrl(retryUrl) : undefined;
    this.#newLink.hidden = this.#retryUrl === undefined;
    if (this.#retryUrl) this.#newLink.title = new URL(this.#retryUrl).host;
    this.#again.hidden = !mayRetry(scene);
  }
}

/** Goes where the link says when the session is over; false where it says nothing of use. */
export function leaveFor(url: string | undefined): boolean {
  const there = webUrl(url);
  if (there === undefined) return false;
  // Back to this very page: it would end here again, and so on.
  if (new URL(there).pathname === location.pathname && new URL(there).host === location.host) {
    return false;
  }
  location.replace(there);
  return true;
}

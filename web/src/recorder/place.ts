/** Tells how large the page's window is, at once and whenever that changes. */
import type { RecorderHost } from "../visitor/parts.ts";

export class Place {
  readonly #host: RecorderHost;
  readonly #aborter = new AbortController();
  #size = "";

  constructor(host: RecorderHost) {
    this.#host = host;
    const { signal } = this.#aborter;
    // The layout viewport: zooming into a part of it, or a keyboard above it, changes nothing in the mirror.
    addEventListener("resize", () => this.#tellSize(), { signal });
  }

  /** Tells it, changed or not: somebody else listens now. */
  tell(): void {
    this.#size = "";
    this.#tellSize();
  }

  stop(): void {
    this.#aborter.abort();
  }

  #tellSize(): void {
    const size = `${innerWidth} ${innerHeight}`;
    if (size === this.#size) return;
    this.#size = size;
    this.#host.viewport(innerWidth, innerHeight);
  }
}

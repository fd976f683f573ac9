/** Tells where the page is and how large its window is, at once and whenever that changes. */
import type { RecorderHost } from "../visitor/parts.ts";
import { bareUrl } from "./masking-text.ts";

/** A node stores what it is told of pages, 2 a second: a map that writes its position into the path must not clog it. */
const PAGE_SPACING_MS = 1_000;

const MOVES = ["pushState", "replaceState"] as const;

export class Place {
  readonly #host: RecorderHost;
  readonly #aborter = new AbortController();
  #page = "";
  #size = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #moved: () => void;

  /** `moved`: the page says it is another one. */
  constructor(host: RecorderHost, moved: () => void) {
    this.#host = host;
    this.#moved = moved;
    const { signal } = this.#aborter;
    // The layout viewport: zooming into a part of it, or a keyboard above it, changes nothing in the mirror.
    addEventListener("resize", () => this.#tellSize(), { signal });
    for (const type of ["popstate", "hashchange", "pageshow"]) {
      addEventListener(type, () => this.#tellPage(), { signal });
    }
    for (const name of MOVES) this.#hear(name);
  }

  /** Tells both, changed or not: somebody else listens now. */
  tell(): void {
    this.#page = "";
    this.#size = "";
    this.#tellPage();
    this.#tellSize();
  }

  stop(): void {
    this.#aborter.abort();
    clearTimeout(this.#timer);
  }

  /** No event tells of these. Undone by `stop`, unless somebody has built upon it: then it only passes on. */
  #hear(name: (typeof MOVES)[number]): void {
    const own = Object.getOwnPropertyDescriptor(history, name);
    const before = history[name];
    const heard: History["pushState"] = (...args) => {
      before.apply(history, args);
      if (!this.#aborter.signal.aborted) this.#tellPage();
    };
    history[name] = heard;
    this.#aborter.signal.addEventListener("abort", () => {
      if (history[name] !== heard) return;
      if (own) Object.defineProperty(history, name, own);
      else Reflect.deleteProperty(history, name);
    });
  }

  #tellPage(): void {
    const page = bareUrl(location.href);
    // Not http: nothing a node would take.
    if (!page || page === this.#page || this.#timer !== undefined) return;
    const isMove = this.#page !== "";
    this.#page = page;
    this.#host.page(page);
    if (!isMove) return;
    this.#moved();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tellPage();
    }, PAGE_SPACING_MS);
  }

  #tellSize(): void {
    const size = `${innerWidth} ${innerHeight}`;
    if (size === this.#size) return;
    this.#size = size;
    this.#host.viewport(innerWidth, innerHeight);
  }
}

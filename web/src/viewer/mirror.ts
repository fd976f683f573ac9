/** The visitor's page as it is now: frames in, a picture out. Knows nothing of sockets. */
import { Feed } from "./feed.ts";
import type { Size } from "./geometry.ts";
import { LiveReplayer } from "./live.ts";

/** How long style sheets may take before the page counts as visible without them. */
const STYLES_MS = 3000;
/** Between two requests for a snapshot: the node takes one a second. */
const RESYNC_MS = 1100;
/** A page that cannot be shown is asked for more and more rarely. */
const LONGEST_RESYNC_MS = 30_000;
/** A page that was shown for so long is one that can be shown. */
const SETTLED_MS = 30_000;

export interface MirrorListener {
  /** A snapshot has arrived, and is in the mirror. */
  pictured(): void;
  /** And is to be seen, with its style sheets. */
  visible(): void;
  resized(size: Size): void;
  focused(node: number): void;
  /** Only a snapshot helps: ask for one. */
  lost(): void;
}

export class Mirror {
  readonly #live: LiveReplayer;
  readonly #feed: Feed;
  readonly #listener: MirrorListener;
  #isVisible = false;
  #failures = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #brokenAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, listener: MirrorListener) {
    this.#listener = listener;
    this.#live = new LiveReplayer(root, {
      rebuilt: (document) => this.#rebuilt(document),
      resized: (size) => listener.resized(size),
      focused: (node) => listener.focused(node),
      broken: (isSnapshot) => this.#broken(isSnapshot),
    });
    this.#feed = new Feed({
      show: (events) => this.#live.feed(events),
      lost: () => this.#askLater(),
    });
  }

  get live(): LiveReplayer {
    return this.#live;
  }

  /** How far the page is scrolled. */
  get scrolled(): { x: number; y: number } {
    const page = this.#live.iframe.contentWindow;
    return { x: page?.scrollX ?? 0, y: page?.scrollY ?? 0 };
  }

  /** Whether the picture is as of now. */
  get isCurrent(): boolean {
    return !this.#feed.needsSnapshot;
  }

  take(frame: ArrayBuffer): void {
    this.#feed.take(frame);
  }

  /** The next frame is a snapshot. */
  reset(): void {
    this.#feed.reset();
  }

  /** Asks again for a snapshot that did not come. */
  nudge(): void {
    if (this.#feed.needsSnapshot && this.#timer === undefined) this.#askLater();
  }

  /**
   * An event could not be shown. Nodes keep a tape: after a snapshot the same event comes again. So
   * one that fails soon after another is passed over; a picture with a flaw is better than none.
   */
  #broken(isSnapshot: boolean): void {
    const now = performance.now();
    const isAgain = now - this.#brokenAt < SETTLED_MS;
    this.#brokenAt = now;
    if (isSnapshot || !isAgain) this.#feed.lose();
  }

  /** After a pause that grows with each failure, and not before the browser paints again. */
  #askLater(): void {
    const now = performance.now();
    const since = now - this.#askedAt;
    if (since > SETTLED_MS) this.#failures = 0;
    const pause = Math.min(RESYNC_MS * 2 ** this.#failures, LONGEST_RESYNC_MS);
    this.#failures += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => requestAnimationFrame(() => this.#ask()), pause - since);
  }

  #ask(): void {
    this.#timer = undefined;
    this.#askedAt = performance.now();
    this.#listener.lost();
  }

  #rebuilt(document: Document): void {
    this.#listener.pictured();
    if (this.#isVisible) return;
    void styled(document)
      .then(painted)
      .then(() => {
        if (this.#isVisible) return;
        this.#isVisible = true;
        this.#listener.visible();
      });
  }
}

/** Resolves when the document's style sheets are there, or have taken too long. */
async function styled(document: Document): Promise<void> {
  const sheets = document.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"][href]');
  const loaded = [...sheets]
    .filter(({ sheet }) => sheet === null)
    .map(
      (sheet) =>
        new Promise((resolve) => {
          sheet.addEventListener("load", resolve);
          sheet.addEventListener("error", resolve);
        }),
    );
  await Promise.race([Promise.all(loaded), new Promise((done) => setTimeout(done, STYLES_MS))]);
}

/** Resolves after the next frame was painted. */
function painted(): Promise<void> {
  return new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(() => resolve())),
  );
}

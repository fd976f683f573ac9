/**
 * rrweb's Replayer as a live picture: shows what it is fed at once, for hours, whatever the clocks say.
 *
 * Everything that depends on the Replayer's inner workings (2.1.6) is in this file:
 * - Its timer runs on animation frames, by the timestamps of the events. They are replaced on arrival by
 *   a clock of our own that never jumps, and each is later than the one before: the timer sorts by them.
 * - An exception within the timer would stop it for good: each of its actions is guarded.
 * - It keeps every event since the start, to play again. A live picture needs the first, which anchors
 *   its sense of time, and the newest.
 * - Without animation frames (a hidden tab) what waits would pile up: `feed` refuses then.
 */
import { Replayer } from "@rrweb/replay";
import type { eventWithTime } from "@rrweb/types";
import { cleanse, cleanseChange } from "./cleanse.ts";
import type { Size } from "./geometry.ts";

/** Events kept at most, beside those of one frame. */
const KEPT = 200;
/** Actions that wait for an animation frame at most: at a full 60 frames a second, some ten seconds' worth. */
const WAITING_MOST = 2000;
/** Adapted style sheets that are kept; CSS-in-JS makes new ones all the time. */
const SHEETS_MOST = 500;
/** rrweb's times are milliseconds since 1970 as doubles: a smaller step would be lost in them. */
const STEP_MS = 0.001;

const FULL_SNAPSHOT = 2;
const MOUSE_INTERACTION = 2;
const FOCUS = 5;
const CUSTOM = 5;

export interface LiveListener {
  /** A snapshot is in the document. */
  rebuilt(document: Document): void;
  /** The visitor's viewport has this size. */
  resized(size: Size): void;
  /** The visitor's focus is on this element. */
  focused(node: number): void;
  /** What is shown may be wrong; a snapshot that failed is not shown at all. */
  broken(isSnapshot: boolean): void;
}

interface Action {
  doAction(): void;
  delay: number;
}

/** What of the Replayer is private, or not declared. */
interface Innards {
  timer: { actions: Action[]; addAction(action: Action): void; clear(): void };
  mouse: HTMLElement;
  cache: { stylesWithHoverClass: Map<string, string> };
  newDocumentQueue: unknown[];
  rebuildFullSnapshot(event: eventWithTime, isSync: boolean): void;
  applyIncremental(event: eventWithTime, isSync: boolean): void;
  applyScroll(data: unknown, isSync: boolean): void;
}

export class LiveReplayer {
  readonly #replayer: Replayer;
  readonly #innards: Innards;
  readonly #listener: LiveListener;
  readonly #origin: number;
  readonly #startedAt: number;
  #last = 0;

  constructor(root: HTMLElement, listener: LiveListener) {
    this.#listener = listener;
    this.#replayer = new Replayer([], {
      root,
      liveMode: true,
      useVirtualDom: false,
      pauseAnimation: false,
      mouseTail: false,
      // The viewer keeps the keyboard: the mirror never takes the focus.
      triggerFocus: false,
      logger: { log: () => {}, warn: (...words) => this.#warned(words) },
    });
    assertSandboxed(this.#replayer.iframe);
    this.#innards = this.#replayer as unknown as Innards;
    this.#guard();
    this.#listen();
    quietMedia(this.#replayer.iframe);
    this.#startedAt = performance.now();
    this.#origin = Date.now();
    this.#replayer.startLive(this.#origin);
    this.#add({ type: CUSTOM, data: { tag: "start", payload: {} } });
  }

  get iframe(): HTMLIFrameElement {
    return this.#replayer.iframe;
  }

  /** What the label at the visitor's mouse says. */
  set cursorName(name: string) {
    this.#innards.mouse.dataset.name = name;
  }

  /** How many events are in memory. */
  get kept(): number {
    return this.#events.length;
  }

  /** rrweb's id of a mirrored node; undefined for what is not of the page. */
  idOf(node: Node): number | undefined {
    const id = this.#replayer.getMirror().getId(node);
    return id > 0 ? id : undefined;
  }

  node(id: number): Node | null {
    return this.#replayer.getMirror().getNode(id);
  }

  /** Shows events; false where too many wait already: they are dropped. */
  feed(events: unknown): boolean {
    const clean = cleanse(events);
    if (clean.some(({ type }) => type === FULL_SNAPSHOT)) this.#restart();
    if (this.#innards.timer.actions.length > WAITING_MOST) return false;
    this.#trim();
    for (const event of clean) this.#add(event);
    return true;
  }

  get #events(): eventWithTime[] {
    return this.#replayer.service.state.context.events as eventWithTime[];
  }

  #add(event: Record<string, unknown>): void {
    const now = this.#origin + (performance.now() - this.#startedAt);
    this.#last = Math.max(now, this.#last + STEP_MS);
    event.timestamp = this.#last;
    this.#replayer.addEvent(event as unknown as eventWithTime);
  }

  /** A snapshot follows: what waits, and what waited for another document, is void. */
  #restart(): void {
    this.#innards.timer.actions.length = 0;
    this.#innards.newDocumentQueue = [];
    // Snapshots may be megabytes each, and nothing before this one is played again.
    this.#forget();
  }

  #trim(): void {
    if (this.#events.length > KEPT) this.#forget();
    if (this.#innards.cache.stylesWithHoverClass.size > SHEETS_MOST) this.#replayer.resetCache();
  }

  #forget(): void {
    const events = this.#events;
    events.splice(1, events.length - 2);
  }

  #guard(): void {
    const innards = this.#innards;
    const { timer } = innards;
    const add = timer.addAction.bind(timer);
    timer.addAction = ({ doAction, delay }) => {
      add({ doAction: () => this.#try(doAction, false), delay });
    };
    const rebuild = innards.rebuildFullSnapshot.bind(innards);
    innards.rebuildFullSnapshot = (event, isSync) => this.#try(() => rebuild(event, isSync), true);
    const apply = innards.applyIncremental.bind(innards);
    innards.applyIncremental = (event, isSync) => {
      cleanseChange(event.data as Record<string, unknown>, (id) => this.#tagOf(id));
      this.#noteFocus(event);
      apply(event, isSync);
    };
    const scroll = innards.applyScroll.bind(innards);
    // At once: smooth scrolling is behind the visitor, and never there where positions come quickly.
    innards.applyScroll = (data) => scroll(data, true);
  }

  #try(act: () => void, isSnapshot: boolean): void {
    try {
      act();
    } catch {
      this.#listener.broken(isSnapshot);
    }
  }

  #tagOf(id: unknown): string | undefined {
    return typeof id === "number" ? this.node(id)?.nodeName.toLowerCase() : undefined;
  }

  #noteFocus({ data }: eventWithTime): void {
    const { source, type, id } = data as { source?: number; type?: number; id?: unknown };
    if (source === MOUSE_INTERACTION && type === FOCUS && typeof id === "number") {
      this.#listener.focused(id);
    }
  }

  #listen(): void {
    this.#replayer.on("fullsnapshot-rebuilded", () => {
      const { contentDocument } = this.iframe;
      if (contentDocument) this.#listener.rebuilt(contentDocument);
    });
    this.#replayer.on("resize", (size) => {
      const { width, height } = size as Size;
      if (width > 0 && height > 0) this.#listener.resized({ width, height });
    });
  }

  /** Mutations that fail are not thrown, only complained of. */
  #warned([, complaint]: unknown[]): void {
    if (String(complaint).startsWith("Exception in mutation")) this.#listener.broken(false);
  }
}

/** The mirror's document is a stranger's: it may look like anything, and do nothing. */
function assertSandboxed(iframe: HTMLIFrameElement): void {
  if (iframe.getAttribute("sandbox") !== "allow-same-origin") {
    throw new Error("the mirror's iframe is not sandboxed as it must be");
  }
  iframe.tabIndex = -1;
  iframe.title = "The visitor's page";
}

/** The Replayer plays films and looks at no answer: that one does not play is nothing to complain of. */
function quietMedia({ contentWindow }: HTMLIFrameElement): void {
  // Of the mirror's own realm: its films are of that one.
  const { HTMLMediaElement } = contentWindow as Window & typeof globalThis;
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
    return play.call(this).catch(() => {});
  };
}

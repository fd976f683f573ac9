/** The running rrweb: its settings, its snapshots, its frames. Knows nothing of what is private. */
import { record } from "@rrweb/record";
import type { eventWithTime } from "@rrweb/types";

export interface RecordingOptions {
  emit(event: eventWithTime): void;
  /** rrweb stumbled: the mirror may be wrong from here on. */
  failed(): void;
  /** Selector of what is replaced by an empty box. */
  block: string;
  /** What a field shows to others. */
  value(field: HTMLElement): string;
}

export class Recording {
  readonly #options: RecordingOptions;
  #stop: (() => void) | undefined;
  #loads = new AbortController();

  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  /** Begins anew: all nodes get new ids. Styles that are not inlined are loaded by the viewer. */
  start(inlineStylesheet: boolean): void {
    this.stop();
    const sheet = CSSStyleSheet.prototype;
    // rrweb replaces these two and does not put them back.
    const { addRule, removeRule } = sheet;
    this.#taking(() => {
      const stop = this.#record(inlineStylesheet);
      this.#stop = () => {
        stop?.();
        Object.assign(sheet, { addRule, removeRule });
      };
    });
  }

  /** The page as it is now: nodes keep their ids. */
  snapshot(): void {
    this.#taking(() => record.takeFullSnapshot());
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#loads.abort();
  }

  #record(inlineStylesheet: boolean): (() => void) | undefined {
    const { emit, failed, block, value } = this.#options;
    return record({
      emit,
      inlineStylesheet,
      blockSelector: block,
      recordAfter: "DOMContentLoaded",
      maskInputOptions: EVERY_FIELD as object,
      maskInputFn: (_, field) => value(field),
      slimDOMOptions: "all",
      sampling: { mousemove: 33, mousemoveCallback: 50 },
      errorHandler: (error) => {
        // What the page did wrong, it must hear of: rrweb passes its calls on inside of its own.
        if (String(Object.prototype.toString.call(error)).includes("DOMException")) return;
        failed();
        return true;
      },
    });
  }

  /**
   * rrweb listens to the loading of each frame anew with each snapshot, and never ceases to. It adds
   * these listeners while it takes the snapshot, when no other script runs: so they can be told apart.
   */
  #taking(take: () => void): void {
    this.#loads.abort();
    this.#loads = new AbortController();
    const { signal } = this.#loads;
    const prototype = HTMLIFrameElement.prototype;
    const own = Object.getOwnPropertyDescriptor(prototype, "addEventListener");
    const add = prototype.addEventListener;
    prototype.addEventListener = function (type: string, listener: unknown) {
      add.call(this, type, listener as EventListener, { signal });
    };
    try {
      take();
    } finally {
      if (own) Object.defineProperty(prototype, "addEventListener", own);
      else Reflect.deleteProperty(prototype, "addEventListener");
    }
  }
}

/** By tag: rrweb asks for the tag as well as for the type. */
const EVERY_FIELD = { input: true, textarea: true, select: true };

/** The page that embeds the viewer: tells it what happens, and takes its instructions. */
import { hexColor } from "./colors.ts";
import type { ControlState } from "./control.ts";
import type { SessionStatus } from "./milestones.ts";
import { MODES, type Mode } from "./tools.ts";

/** More wait for `welcome` only where somebody means harm. */
const WAITING_MOST = 32;

export type ToParent =
  | { type: "sessionStatusUpdate"; sessionStatus: SessionStatus }
  | { type: "currentColor"; color: string }
  | { type: "controlUpdate"; control: ControlState };

export interface EmbedListener {
  endSession(): void;
  /** False where the mode is not permitted. */
  setMode(mode: Mode): boolean;
  /** undefined: the next of the built-in colours. */
  switchColor(color: string | undefined): void;
  /** False where the link permits nothing that needs control. */
  requestControl(): boolean;
  releaseControl(): void;
}

export class Embed {
  readonly #listener: EmbedListener;
  /** What came, and what is to be said, before the terms were known. */
  #heard: MessageEvent[] = [];
  #unsaid: ToParent[] = [];
  /** `*` where the link names no origin; undefined while the terms are not known. */
  #origin: string | undefined;
  /** The parent has asked for control. */
  #followsControl = false;

  constructor(listener: EmbedListener) {
    this.#listener = listener;
    addEventListener("message", (event) => this.#hear(event));
  }

  static get isEmbedded(): boolean {
    return window.parent !== window;
  }

  /** The link's terms are known: whom to talk with. */
  open(origin: string | undefined): void {
    this.#origin = origin ?? "*";
    for (const message of this.#unsaid.splice(0)) this.say(message);
    for (const event of this.#heard.splice(0)) this.#hear(event);
  }

  say(message: ToParent): void {
    if (!Embed.isEmbedded) return;
    if (this.#origin === undefined) this.#unsaid.push(message);
    else window.parent.postMessage(message, this.#origin);
  }

  /** Ours, and so told to those only who have used it: others need not know the message. */
  controlled(control: ControlState): void {
    if (this.#followsControl) this.say({ type: "controlUpdate", control });
  }

  #hear(event: MessageEvent): void {
    // Extensions and frames of the mirror may post as well: that is not for us.
    if (!Embed.isEmbedded || event.source !== window.parent) return;
    if (this.#origin === undefined) {
      if (this.#heard.length < WAITING_MOST) this.#heard.push(event);
      return;
    }
    const isForeign = this.#origin !== "*" && event.origin !== this.#origin;
    const fault = isForeign ? "another origin than the watch link's" : this.#obey(event.data);
    if (fault !== undefined) console.warn(`Ignored: a message with ${fault}.`);
  }

  /** Does what it is told; the fault of a message that makes no sense. */
  #obey(data: unknown): string | undefined {
    const { action, mode, color } = (data ?? {}) as Record<string, unknown>;
    switch (action) {
      case "endSession":
        this.#listener.endSession();
        return undefined;
      case "setMode":
        return this.#setMode(MODES.find((known) => known === mode));
      case "switchColor":
        return this.#switchColor(color);
      case "requestControl":
        this.#followsControl = true;
        return this.#listener.requestControl() ? undefined : "a request that is not permitted";
      case "releaseControl":
        this.#listener.releaseControl();
        return undefined;
      default:
        return "an unknown action";
    }
  }

  #setMode(mode: Mode | undefined): string | undefined {
    if (mode === undefined) return "an unknown mode";
    return this.#listener.setMode(mode) ? undefined : "a mode that is not permitted";
  }

  #switchColor(value: unknown): string | undefined {
    const color = hexColor(value);
    const isNext = value === undefined || value === null;
    if (color === undefined && !isNext) return "a colour that is not #rgb or #rrggbb";
    this.#listener.switchColor(color);
    return undefined;
  }
}

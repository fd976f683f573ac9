/** Acting on the visitor's page: only with the visitor's consent, and within the link's permissions. */
import { element } from "../page/elements.ts";
import type { FromViewer, Permissions, Point, ViewerSession } from "../wire/messages.ts";
import { typedUrl } from "./address.ts";
import { relativeTo } from "./geometry.ts";
import { Keyboard } from "./keyboard.ts";
import type { LiveReplayer } from "./live.ts";
import { Scroller } from "./scroller.ts";
import { around, targetAt } from "./target.ts";

/** `declined`: of the last request. `other`: somebody else has control. */
export type ControlState = "none" | "asked" | "granted" | "declined" | "revoked" | "other";

/** The longest URL of a `redirect`. */
const URL_MOST = 2048;

export class Control {
  readonly #live: () => LiveReplayer;
  readonly #say: (message: FromViewer) => boolean;
  readonly #scroller: Scroller;
  readonly #keyboard: Keyboard;
  #state: ControlState = "none";
  #permissions: Permissions | undefined;
  /** What was clicked last, or has the visitor's focus: what is typed goes there. */
  #node: number | undefined;
  /** Told after each change of state. */
  changed: () => void = () => {};

  /** `say` returns false where nobody hears it. */
  constructor(live: () => LiveReplayer, say: (message: FromViewer) => boolean) {
    this.#live = live;
    this.#say = say;
    this.#scroller = new Scroller(live, say);
    this.#keyboard = new Keyboard(element("keys", HTMLTextAreaElement), {
      typed: (text) => this.#toNode((node) => ({ type: "type", node, text })),
      pressed: (key) => this.#toNode((node) => ({ type: "key", node, key })),
      left: () => element("keys", HTMLElement).blur(),
    });
  }

  get state(): ControlState {
    return this.#state;
  }

  get isGranted(): boolean {
    return this.#state === "granted";
  }

  set permissions(permissions: Permissions) {
    this.#permissions = permissions;
    this.changed();
  }

  /** Whether there is anything to ask for. */
  get isOffered(): boolean {
    const may = this.#permissions;
    if (!may) return false;
    return may.allow_click || may.allow_type || may.allow_scroll || may.allow_agent_redirect;
  }

  get mayRedirect(): boolean {
    return this.isGranted && this.#permissions?.allow_agent_redirect === true;
  }

  request(): void {
    if (this.#state === "asked" || this.isGranted) return;
    if (this.#say({ type: "requestControl" })) this.#become("asked");
  }

  /** A host has the session, perhaps another one, which knows nothing of a request: it is made again. */
  welcomed(): void {
    if (this.#state !== "asked") return;
    // The node does not pass on a repeat that the visitor has before them.
    if (!this.#say({ type: "requestControl" })) this.#become("none");
  }

  /** Something was refused. Errors do not tell what: no answer may come to a request. */
  refused(): void {
    if (this.#state === "asked") this.#become("none");
  }

  release(): void {
    if (!this.isGranted) return;
    this.#say({ type: "releaseControl" });
    this.#become("none");
  }

  declined(): void {
    if (this.#state === "asked") this.#become("declined");
  }

  /** The session's state, as its host tells it to this user. */
  follow({ control, status }: ViewerSession, userId: string): void {
    if (status !== "active") this.#become("none");
    else if (control === userId) this.#become("granted");
    else if (this.#state === "granted") this.#become("revoked");
    else if (control !== undefined) this.#become("other");
    else if (this.#state === "other") this.#become("none");
  }

  click(point: Point, button: number): void {
    const { contentDocument } = this.#live().iframe;
    const under = contentDocument && targetAt(contentDocument, point);
    if (!under || !this.isGranted) return;
    for (const candidate of around(under.element)) {
      // A frame's point would be another one.
      if (candidate.ownerDocument !== under.element.ownerDocument) return;
      const node = this.#live().idOf(candidate);
      if (node === undefined) continue;
      this.#clicked(node, relativeTo(under.point, candidate.getBoundingClientRect()), button);
      return;
    }
  }

  wheel(point: Point, event: WheelEvent): void {
    if (this.#permissions?.allow_scroll) this.#scroller.turn(point, event);
  }

  /** The visitor's focus moved, by Tab for instance: typing goes on there. */
  focused(node: number): void {
    if (this.isGranted && this.#node !== undefined) this.#node = node;
  }

  /** Sends the visitor to a page; false where this is no URL. */
  redirect(text: string): boolean {
    const url = typedUrl(text);
    if (url === undefined || url.length > URL_MOST) return false;
    this.#say({ type: "redirect", url });
    return true;
  }

  #clicked(node: number, at: Point, button: number): void {
    this.#node = node;
    if (this.#permissions?.allow_click) {
      const pressed = button === 1 || button === 2 ? { button: button as 1 | 2 } : {};
      this.#say({ type: "click", node, ...at, ...pressed });
    }
    if (this.#permissions?.allow_type) this.#keyboard.focus();
  }

  #toNode(message: (node: number) => FromViewer): void {
    if (this.isGranted && this.#node !== undefined) this.#say(message(this.#node));
  }

  #become(state: ControlState): void {
    if (state === this.#state) return;
    this.#state = state;
    if (state !== "granted") {
      this.#node = undefined;
      this.#keyboard.release();
    }
    this.changed();
  }
}

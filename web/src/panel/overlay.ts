/** The one element that holds all the script shows: on top of the page, and out of its reach. */
import { make } from "../page/elements.ts";
import { OVERLAY_TAG } from "../visitor/parts.ts";
import { sheet } from "./styles.ts";

/** Pages can take an element away in ways no observer of ours sees. */
const LOOK_EVERY_MS = 1_000;
/** With a page that takes it away each time it comes there is no race: the next look puts it back. */
const PEACE_MS = 100;

export class Overlay {
  readonly #host = document.createElement(OVERLAY_TAG);
  readonly #root = make("div", "root");
  readonly #observer = new MutationObserver(() => this.#disturbed());
  /** Observes the same document for something else, which one observer cannot. */
  readonly #dialogs = new MutationObserver(() => this.#disturbed());
  /** Dialogs in shadow roots take the focus when they open; nothing else tells of them. */
  readonly #focused = () => this.#disturbed();
  /** The dialog of the page that is on top. */
  #modal: Element | undefined;
  readonly #raise = () => this.#attach();
  readonly #attached: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #attachedAt = 0;

  /** `attached` is called when the overlay had been torn out, and is there again. */
  constructor(language: string, attached: () => void) {
    this.#attached = attached;
    const shadow = this.#host.attachShadow({ mode: "closed" });
    shadow.adoptedStyleSheets = [sheet()];
    this.#root.lang = language;
    shadow.append(this.#root);
  }

  get isThere(): boolean {
    return this.#timer !== undefined;
  }

  add(...children: Element[]): void {
    this.#root.append(...children);
  }

  open(): void {
    if (this.isThere) return;
    this.#timer = setInterval(() => this.#keep(), LOOK_EVERY_MS);
    addEventListener("fullscreenchange", this.#raise);
    addEventListener("focusin", this.#focused, true);
    this.#attach();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#observer.disconnect();
    this.#dialogs.disconnect();
    removeEventListener("fullscreenchange", this.#raise);
    removeEventListener("focusin", this.#focused, true);
    this.#host.remove();
  }

  /** Whether an element is part of it; a closed root shows nothing but its host. */
  includes(node: Node): boolean {
    return node === this.#host || this.#root.contains(node);
  }

  /** The page's modal dialog makes everything outside of it inert: the banner has to be inside. */
  #home(): Element | null {
    const open = () => [...document.querySelectorAll("dialog[open]")].filter(isModal).at(-1);
    // The one on top has the focus, or nothing has.
    const known = this.#modal?.isConnected && isModal(this.#modal) ? this.#modal : undefined;
    this.#modal = focusedDialog() ?? known ?? open();
    return this.#modal ?? document.documentElement;
  }

  #disturbed(): void {
    if (performance.now() - this.#attachedAt > PEACE_MS) this.#keep();
  }

  #keep(): void {
    if (this.isThere && this.#host.parentNode !== this.#home()) this.#attach();
  }

  #attach(): void {
    const home = this.#home();
    if (!home) return;
    this.#attachedAt = performance.now();
    this.#root.dir = getComputedStyle(document.documentElement).direction;
    if (this.#host.parentNode !== home) home.append(this.#host);
    this.#observer.disconnect();
    this.#observer.observe(document, { childList: true });
    this.#observer.observe(home, { childList: true });
    this.#dialogs.observe(document, { attributeFilter: ["open"], subtree: true });
    this.#lift();
    this.#attached();
  }

  /** Into the top layer, where the browser has one: above any z-index, and above full screen. */
  #lift(): void {
    if (!("popover" in HTMLElement.prototype)) return;
    this.#host.popover = "manual";
    if (this.#host.matches(":popover-open")) this.#host.hidePopover();
    this.#host.showPopover();
  }
}

/** Also in shadow roots, those that are open: closed ones nobody can enter. */
function focusedDialog(): Element | undefined {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  for (let at: Node | null | undefined = focused; at; at = at.parentNode ?? hostOf(at)) {
    if (at instanceof HTMLDialogElement && isModal(at)) return at;
  }
  return undefined;
}

function hostOf(node: Node): Element | undefined {
  return node instanceof ShadowRoot ? node.host : undefined;
}

function isModal(dialog: Element): boolean {
  try {
    return dialog.matches(":modal");
  } catch {
    // An older browser, which cannot tell.
    return false;
  }
}

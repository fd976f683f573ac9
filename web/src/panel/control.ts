/**
 * Does on the page what an agent with control wants done, if the visitor could do it too.
 *
 * Checked by the node before, and here again: masked and blocked elements are not found, what the script
 * shows itself is not touched, files are not chosen, and forms are not sent unless the site allows it.
 */

import type { Options } from "../visitor/parts.ts";
import type { ControlGesture, Point } from "../wire/messages.ts";
import { click } from "./clicking.ts";
import { press, type Rules } from "./keys.ts";
import { SubmitBan } from "./submits.ts";
import { frameOf, isElement, isFileInput, submitterOf } from "./targets.ts";
import { type } from "./typing.ts";

/** What it needs of the panel. */
export interface ControlHost {
  options: Options;
  /** The mirrored node of an id; undefined where it is gone, masked or blocked. */
  node(id: number): Node | undefined;
  isOurs(node: Node): boolean;
  /** Shows where an agent clicked. */
  hit(userId: string, at: Point): void;
}

/** The marks of the recorder for what nobody may see; who may not see may not touch. */
const HIDDEN = ["[data-baton-mask]", "[data-baton-block]"];

export class Control {
  readonly #host: ControlHost;
  readonly #hidden: string;
  readonly #rules: Rules;
  readonly #ban = new SubmitBan();

  constructor(host: ControlHost) {
    this.#host = host;
    const { mask = [], block = [] } = host.options;
    this.#rules = {
      mayPress: (target) => this.#may(target),
      maySubmit: host.options.allowSubmit === true,
    };
    this.#hidden = [...HIDDEN, ...mask, ...block].filter(isSelector).join(",");
  }

  perform(gesture: ControlGesture & { userId: string }): void {
    switch (gesture.type) {
      case "click":
        this.#click(gesture.userId, gesture.node, gesture, gesture.button ?? 0);
        break;
      case "type":
        this.#with(gesture.node, (target) => type(target, gesture.text));
        break;
      case "key":
        this.#with(gesture.node, (target) => press(target, gesture.key, this.#rules));
        break;
      case "scroll":
        this.#scroll(gesture.node, gesture);
        break;
      case "redirect":
        redirect(gesture.url);
        break;
    }
  }

  #click(userId: string, node: number, offset: Point, button: 0 | 1 | 2): void {
    this.#with(node, (target) => {
      if (!this.#may(target)) return;
      const { left, top } = target.getBoundingClientRect();
      const at = { x: left + offset.x, y: top + offset.y };
      const frame = frameOf(target);
      // Before the click: it may lead to another page.
      this.#host.hit(userId, { x: at.x + frame.x, y: at.y + frame.y });
      click(target, at, button);
    });
  }

  #scroll(node: number | undefined, { x, y }: Point): void {
    const to: ScrollToOptions = { left: x, top: y, behavior: "instant" };
    if (node === undefined) window.scrollTo(to);
    else this.#with(node, (target) => target.scrollTo(to));
  }

  #with(id: number, act: (target: HTMLElement) => void): void {
    const node = this.#host.node(id);
    const target = isElement(node) ? node : node?.parentElement;
    if (!target?.isConnected || this.#host.isOurs(target)) return;
    if (!this.#rules.maySubmit) this.#ban.hold(target);
    act(target as HTMLElement);
  }

  /** Whether it may be activated. A label stands for its field, and what is in a button for that. */
  #may(target: Element): boolean {
    const field = target.closest("label")?.control;
    const all = field ? [target, field] : [target];
    return all.every(
      (it) =>
        !it.closest(":disabled") &&
        !it.closest(this.#hidden) &&
        !isFileInput(it) &&
        (this.#rules.maySubmit || !submitterOf(it)),
    );
  }
}

/** Only to where a page could lead the visitor: never to a script. */
function redirect(url: string): void {
  const target = URL.canParse?.(url) === false ? undefined : new URL(url);
  if (target && /^https?:$/.test(target.protocol)) location.assign(target);
}

/** A mistake in one of a site's selectors must not spoil the others. */
function isSelector(text: string): boolean {
  try {
    document.createDocumentFragment().querySelector(text);
    return true;
  } catch {
    return false;
  }
}

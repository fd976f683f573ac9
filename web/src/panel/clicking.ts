/** A click, as a browser would tell the page of it. */
import type { Point } from "../wire/messages.ts";
import { focus, isSelect, viewOf } from "./targets.ts";
import { choose } from "./typing.ts";

/** Bits of `MouseEvent.buttons` by `button`. */
const HELD = [1, 4, 2];

/**
 * Presses and lets go. Synthetic clicks activate links, buttons, boxes and labels; they open no picker
 * and no window.
 */
export function click(target: HTMLElement, at: Point, button: 0 | 1 | 2): void {
  const view = viewOf(target);
  const init = (buttons: number): PointerEventInit => ({
    bubbles: true,
    cancelable: true,
    composed: true,
    view,
    detail: 1,
    clientX: at.x,
    clientY: at.y,
    screenX: at.x + view.screenX,
    screenY: at.y + view.screenY,
    button,
    buttons,
    pointerId: 1,
    pointerType: "mouse",
    isPrimary: true,
  });
  const pointer = (name: string, buttons: number) =>
    target.dispatchEvent(new view.PointerEvent(name, { ...init(buttons), detail: 0 }));
  const mouse = (name: string, buttons: number) =>
    target.dispatchEvent(new view.MouseEvent(name, init(buttons)));
  const held = HELD[button] ?? 0;
  pointer("pointerover", 0);
  mouse("mouseover", 0);
  pointer("pointermove", 0);
  mouse("mousemove", 0);
  const isWanted = pointer("pointerdown", held);
  // A page that prevents pointerdown wants no mouse events; one that prevents mousedown, no focus.
  if (isWanted && mouse("mousedown", held)) focus(target);
  pointer("pointerup", 0);
  if (isWanted) mouse("mouseup", 0);
  const clicked = button === 0 ? "click" : "auxclick";
  if (button === 2) target.dispatchEvent(new view.PointerEvent("contextmenu", init(0)));
  target.dispatchEvent(new view.PointerEvent(clicked, init(0)));
  if (button === 0) chooseOption(target);
}

/** An option of a list that is shown as such; of one that unfolds, no click reaches its options. */
function chooseOption(target: Element): void {
  const list = target.closest("select");
  if (target.localName !== "option" || !list || !isSelect(list)) return;
  const option = target as HTMLOptionElement;
  if (!option.disabled) choose(list, option.index);
}

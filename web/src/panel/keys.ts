/** A key, and what a browser does by itself when it is pressed. */
import { moveCaret } from "./caret.ts";
import { click } from "./clicking.ts";
import { fieldOf, focus, isInput, isSelect, isTextArea, viewOf } from "./targets.ts";
import { choose, edit, tellChanged } from "./typing.ts";

/** How much of the window Page Down scrolls by. */
const PAGE = 0.9;
const FOCUSABLE = "a[href],button,input,select,textarea,summary,[tabindex],[contenteditable]";
/** Inputs that Space and Enter press, as they press buttons. */
const PRESSABLE = /^(button|checkbox|radio|reset|submit|image|file|color)$/;

/** What a key may bring about. */
export interface Rules {
  /** Whether that element may be activated. */
  mayPress(target: Element): boolean;
  /** Whether Enter in a field may send its form. */
  maySubmit: boolean;
}

type Action = (target: HTMLElement, rules: Rules, key: string) => void;

const ACTIONS: Record<string, Action> = {
  Enter: enter,
  Backspace: (target) => edit(target, { inputType: "deleteContentBackward", data: "", before: 1 }),
  Delete: (target) => edit(target, { inputType: "deleteContentForward", data: "", after: 1 }),
  Tab: focusNext,
  PageUp: (target) => viewOf(target).scrollBy({ top: -PAGE * innerHeight }),
  PageDown: (target) => viewOf(target).scrollBy({ top: PAGE * innerHeight }),
  Home: move,
  End: move,
  ArrowLeft: move,
  ArrowRight: move,
  ArrowUp: move,
  ArrowDown: move,
};

/** Presses a key on an element. */
export function press(target: HTMLElement, key: string, rules: Rules): void {
  focus(target);
  const { KeyboardEvent } = viewOf(target);
  const init = { bubbles: true, cancelable: true, composed: true, key, code: codeOf(key) };
  const isWanted = target.dispatchEvent(new KeyboardEvent("keydown", init));
  // The page may have taken it away meanwhile.
  if (isWanted && target.isConnected) (ACTIONS[key] ?? write)(target, rules, key);
  target.dispatchEvent(new KeyboardEvent("keyup", init));
}

/** A key that is a character. */
function write(target: HTMLElement, rules: Rules, key: string): void {
  if (key === " " && isPressable(target)) activate(target, rules);
  else if ([...key].length === 1) edit(target, { inputType: "insertText", data: key });
}

function enter(target: HTMLElement, rules: Rules): void {
  if (isTextArea(target)) edit(target, { inputType: "insertLineBreak", data: "\n" });
  else if (isPressable(target) || target.matches("a[href]")) activate(target, rules);
  else if (isInput(target)) submit(target, rules);
  else if (target.isContentEditable) edit(target, { inputType: "insertParagraph", data: "" });
}

/** As a browser does: by the form's first button that sends it; without one only from a single field. */
function submit(field: HTMLInputElement, { mayPress, maySubmit }: Rules): void {
  const { form } = field;
  if (!form || !maySubmit) return;
  const elements = [...form.elements];
  const button = elements.find((it) =>
    it.matches("button:not([type=button],[type=reset]),input[type=submit],input[type=image]"),
  );
  const isAlone = elements.filter((it) => fieldOf(it)).length === 1;
  if (button ? mayPress(button) : isAlone) form.requestSubmit(button as HTMLElement | undefined);
}

/** What Space presses. */
function isPressable(target: Element): boolean {
  return isInput(target) ? PRESSABLE.test(target.type) : target.matches("button,summary");
}

function activate(target: HTMLElement, { mayPress }: Rules): void {
  if (!mayPress(target)) return;
  const { left, top, width, height } = target.getBoundingClientRect();
  click(target, { x: left + width / 2, y: top + height / 2 }, 0);
}

/** Arrows, Home and End: in a list, a number, or a text. */
function move(target: HTMLElement, _rules: Rules, key: string): void {
  if (isSelect(target)) choose(target, optionAfter(target, key));
  else if (isInput(target) && /^(number|range)$/.test(target.type)) step(target, key);
  else moveCaret(target, key);
}

function optionAfter({ selectedIndex, options }: HTMLSelectElement, key: string): number {
  if (key === "Home") return 0;
  if (key === "End") return options.length - 1;
  return selectedIndex + (key === "ArrowRight" || key === "ArrowDown" ? 1 : -1);
}

function step(field: HTMLInputElement, key: string): void {
  if (field.readOnly || field.matches(":disabled")) return;
  if (key === "ArrowUp" || key === "ArrowRight") field.stepUp();
  else if (key === "ArrowDown" || key === "ArrowLeft") field.stepDown();
  else return;
  tellChanged(field);
}

/** From the last one to the first. */
function focusNext(target: HTMLElement): void {
  const all = [...target.ownerDocument.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (it) => it.tabIndex >= 0 && !it.matches(":disabled") && it.getClientRects().length > 0,
  );
  all[(all.indexOf(target) + 1) % all.length]?.focus();
}

function codeOf(key: string): string {
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`;
  if (/^\d$/.test(key)) return `Digit${key}`;
  if (key === " ") return "Space";
  return [...key].length === 1 ? "" : key;
}

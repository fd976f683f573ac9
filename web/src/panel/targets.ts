/** What an element is. By name and not by class: elements of frames have classes of their own. */
import type { Point } from "../wire/messages.ts";

/** What text is typed into. */
export type Field = HTMLInputElement | HTMLTextAreaElement;

/** Inputs of these types hold no text that an agent could type. */
const NO_TEXT = /^(button|checkbox|color|file|hidden|image|password|radio|range|reset|submit)$/;

export function isElement(node: Node | undefined): node is Element {
  return node?.nodeType === Node.ELEMENT_NODE;
}

export function isInput(target: Element): target is HTMLInputElement {
  return target.localName === "input";
}

export function isTextArea(target: Element): target is HTMLTextAreaElement {
  return target.localName === "textarea";
}

export function isSelect(target: Element): target is HTMLSelectElement {
  return target.localName === "select";
}

export function isFileInput(target: Element): boolean {
  return isInput(target) && target.type === "file";
}

/** The field of an element, if that is one into which the visitor could type now. */
export function fieldOf(target: Element): Field | undefined {
  const isField = isTextArea(target) || (isInput(target) && !NO_TEXT.test(target.type));
  return isField && !target.readOnly && !target.matches(":disabled") ? target : undefined;
}

/** The button that would send a form when that element is clicked. */
export function submitterOf(target: Element): Element | undefined {
  const found = target.closest<HTMLButtonElement | HTMLInputElement>("button,input");
  if (!found?.form) return undefined;
  const sends = isInput(found) ? ["submit", "image"] : ["submit"];
  return sends.includes(found.type) ? found : undefined;
}

/** The window of an element: events are of its classes. */
export function viewOf(target: Element): Window & typeof globalThis {
  return target.ownerDocument.defaultView ?? window;
}

/** Where the frame of an element begins in the page. */
export function frameOf(target: Element): Point {
  const frame = viewOf(target).frameElement;
  if (!frame) return { x: 0, y: 0 };
  const { left, top } = frame.getBoundingClientRect();
  const outer = frameOf(frame);
  return { x: left + frame.clientLeft + outer.x, y: top + frame.clientTop + outer.y };
}

/** Gives the focus to it, or to what is around it and can have it; nothing has it where nothing can. */
export function focus(target: Element): void {
  const document = target.ownerDocument;
  for (let at: Element | null = target; at; at = at.parentElement) {
    const candidate = at as HTMLElement;
    if (!candidate.isContentEditable && candidate.tabIndex < 0) continue;
    if (document.activeElement === candidate) return;
    candidate.focus({ preventScroll: true });
    caretToEnd(candidate);
    return;
  }
  (document.activeElement as HTMLElement | null)?.blur?.();
}

/** Where people go on writing; browsers leave the caret at the beginning of what nobody has clicked. */
function caretToEnd(target: HTMLElement): void {
  const field = fieldOf(target);
  if (field) {
    if (field.selectionEnd === 0) field.setSelectionRange(field.value.length, field.value.length);
  } else if (target.isContentEditable) {
    const selection = target.ownerDocument.getSelection();
    selection?.selectAllChildren(target);
    selection?.collapseToEnd();
  }
}

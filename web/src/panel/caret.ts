/** Moves the caret, as arrows, Home and End do. */
import { fieldOf } from "./targets.ts";

/** In a field, or in an editable part of the page. */
export function moveCaret(target: HTMLElement, key: string): void {
  const field = fieldOf(target);
  if (field && field.selectionStart !== null) {
    const caret = caretAfter(key, field.selectionStart, field.value.length);
    field.setSelectionRange(caret, caret);
  } else if (target.isContentEditable) {
    const isFar = key === "Home" || key === "End";
    const isUpright = key === "ArrowUp" || key === "ArrowDown";
    const isForward = key === "End" || key === "ArrowRight" || key === "ArrowDown";
    target.ownerDocument
      .getSelection()
      ?.modify(
        "move",
        isForward ? "forward" : "backward",
        isFar ? "lineboundary" : isUpright ? "line" : "character",
      );
  }
}

/** A field's lines are not known: up and down lead to its ends. */
function caretAfter(key: string, caret: number, length: number): number {
  if (key === "Home" || key === "ArrowUp") return 0;
  if (key === "End" || key === "ArrowDown") return length;
  return Math.min(length, Math.max(0, caret + (key === "ArrowRight" ? 1 : -1)));
}

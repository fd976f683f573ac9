/** Asks before something is done that cannot be taken back. */
import { element, make } from "../page/elements.ts";

/** A question. */
export interface Question {
  title: string;
  text: string;
  /** What the button says that does it. */
  does: string;
  /** Where a reason is asked for: who reads it. */
  reason?: string;
}

/** Resolves to the reason given, empty where none was; undefined where the operator thinks better. */
export function confirm(question: Question): Promise<string | undefined> {
  const dialog = element("dialog", HTMLDialogElement);
  const reason = element("dialog-reason", HTMLInputElement);
  element("dialog-title", HTMLElement).textContent = question.title;
  element("dialog-text", HTMLElement).textContent = question.text;
  element("dialog-does", HTMLButtonElement).textContent = question.does;
  element("dialog-reason-field", HTMLElement).hidden = question.reason === undefined;
  element("dialog-reason-hint", HTMLElement).replaceChildren(
    make("span", "", question.reason ?? ""),
  );
  reason.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => resolve(dialog.returnValue === "yes" ? reason.value.trim() : undefined),
      { once: true },
    );
  });
}

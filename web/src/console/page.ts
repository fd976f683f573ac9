/** Small pieces of the console that are made of script. */
import { make } from "../page/elements.ts";

/** A button that does something. */
export function button(text: string, className: string, does: () => void): HTMLButtonElement {
  const made = make("button", className, text);
  made.type = "button";
  made.addEventListener("click", does);
  return made;
}

/** Changes a text only where it is another: what stands may be selected. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A time with its full date on request. */
export function timeElement(ms: number, text: string): HTMLTimeElement {
  const made = make("time", "", text);
  made.dateTime = new Date(ms).toISOString();
  made.title = new Date(ms).toLocaleString("en-GB");
  return made;
}

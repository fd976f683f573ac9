/** Elements of the overlay that are more than a tag and a class. */
import { make } from "../page/elements.ts";

/** A button; only a person presses it, never a script of the page or a remote click. */
export function button(className: string, text: string, pressed: () => void): HTMLButtonElement {
  const made = make("button", className, text);
  made.type = "button";
  made.addEventListener("click", (event) => event.isTrusted && pressed());
  return made;
}

/** An element of a drawing. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

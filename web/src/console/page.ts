/** The page's elements, and small pieces that are made of script. */

/** The element of that id; the page is broken without it. */
export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

/** An element with that class and these contents. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...contents: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...contents);
  return made;
}

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

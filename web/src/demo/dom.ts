/** The page's own elements, found or failed. */

/** The element of that selector; the page is broken without it. */
export function find<T extends Element>(
  within: ParentNode,
  selector: string,
  type: new () => T,
): T {
  const found = within.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} ${selector}`);
  return found;
}

/** A new element with a class and a text. */
export function made<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  text = "",
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

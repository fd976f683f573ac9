/** Elements of a page: found or failed, and made without HTML text, which strict pages (Trusted Types) refuse. */

/** The element of that id; the page is broken without it. */
export function element<T extends Element>(id: string, type: abstract new () => T): T {
  return checked(document.getElementById(id), `#${id}`, type);
}

/** The first element of that selector; the page is broken without it. */
export function find<T extends Element>(
  within: ParentNode,
  selector: string,
  type: abstract new () => T,
): T {
  return checked(within.querySelector(selector), selector, type);
}

/** A new element of a class, with these contents. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...contents: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...contents);
  return made;
}

function checked<T extends Element>(
  found: Element | null,
  selector: string,
  type: abstract new () => T,
): T {
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} ${selector}`);
  return found;
}

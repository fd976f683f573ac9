/** This page's own elements, by their ids in watch.html. */

export function element<T extends Element>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no <${type.name} id="${id}">`);
  return found;
}

/** The shop's cart: what is in it survives navigation, as in a real shop. */

const KEY = "baton.demo.cart";

interface Article {
  name: string;
  cents: number;
}

const ARTICLES: Record<string, Article> = {
  kettle: { name: "Gooseneck kettle", cents: 6400 },
  grinder: { name: "Hand grinder", cents: 8950 },
  cone: { name: "Pour-over cone", cents: 2400 },
  blend: { name: "House blend, 250 g", cents: 1180 },
};

/** One line of the order. */
export interface Line extends Article {
  id: string;
  pieces: number;
}

export function lines(): Line[] {
  return Object.entries(read()).flatMap(([id, pieces]) => {
    const article = ARTICLES[id];
    return article ? [{ ...article, id, pieces }] : [];
  });
}

/** Adds so many pieces, or takes them away; returns the article's name. */
export function add(id: string, pieces = 1): string {
  const cart = read();
  const left = (cart[id] ?? 0) + pieces;
  if (left > 0) cart[id] = left;
  else delete cart[id];
  localStorage.setItem(KEY, JSON.stringify(cart));
  return ARTICLES[id]?.name ?? id;
}

export function empty(): void {
  localStorage.removeItem(KEY);
}

export function euros(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`;
}

function read(): Record<string, number> {
  return JSON.parse(localStorage.getItem(KEY) ?? "{}");
}

/** The colours of an agent's tools. */

/** In the order in which `switchColor` goes through them. Each is told from light and dark pages. */
export const COLORS: readonly [string, ...string[]] = [
  "#e4572e",
  "#2e86ab",
  "#2a9d5c",
  "#8e44ad",
  "#f2b705",
  "#d6336c",
];

/** What screen readers call them. */
export const COLOR_NAMES: Record<string, string> = {
  "#e4572e": "Orange",
  "#2e86ab": "Blue",
  "#2a9d5c": "Green",
  "#8e44ad": "Purple",
  "#f2b705": "Yellow",
  "#d6336c": "Pink",
};

const SHORT = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i;
const LONG = /^#[0-9a-f]{6}$/i;

/** `#rgb` or `#rrggbb` as `#rrggbb` in lower case; undefined for anything else. */
export function hexColor(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const short = SHORT.exec(value);
  if (short)
    return `#${short
      .slice(1)
      .map((digit) => digit + digit)
      .join("")}`.toLowerCase();
  return LONG.test(value) ? value.toLowerCase() : undefined;
}

/** The built-in colour after this one; the first after a colour that is not built in. */
export function nextColor(color: string): string {
  const at = COLORS.indexOf(color);
  return COLORS[(at + 1) % COLORS.length] ?? COLORS[0];
}

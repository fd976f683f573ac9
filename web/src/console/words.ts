/** Numbers and times as operators read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const dated = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** What is shown where there is no number. */
export const NONE = "–";

export function count(number: number | null): string {
  if (number === null) return NONE;
  return (Math.abs(number) < 10_000 ? whole : compact).format(number);
}

/** A number per second. */
export function rate(number: number | null): string {
  if (number === null) return NONE;
  if (number === 0) return "0";
  return number < 9.95 ? number.toFixed(1) : count(number);
}

export function bytes(number: number | null): string {
  if (number === null) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [number, 0];
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Microseconds. */
export function latency(us: number | null): string {
  if (us === null) return NONE;
  if (us < 1000) return `${us.toFixed(0)} µs`;
  if (us < 1_000_000) return `${(us / 1000).toFixed(us < 9950 ? 1 : 0)} ms`;
  return `${(us / 1_000_000).toFixed(1)} s`;
}

/** A length of time in its two largest units. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ];
  const first = units.findIndex(([, length]) => seconds >= length);
  if (first < 0) return "0s";
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, length] of units.slice(first, first + 2)) {
    const number = Math.floor(rest / length);
    rest -= number * length;
    if (number > 0) parts.push(`${number}${unit}`);
  }
  return parts.join(" ");
}

/** The time of day of a moment, in milliseconds since 1970. */
export function timeOfDay(ms: number): string {
  return clock.format(ms);
}

/** Date and time of a moment. */
export function moment(ms: number): string {
  return dated.format(ms);
}

/** A word of the API as words: `taken_over`, `pendingRequest`. */
export function plain(word: string): string {
  return word
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
}

const ENDS: Record<string, string> = {
  customer: "ended by the visitor",
  agent: "ended by an agent",
  operator: "ended by an operator",
  declined: "ended: the visitor declined",
  timeout: "ended: nobody used it",
  deserted: "ended: nobody watched any more",
};

/** How a co-browse session ended, by the API's word for who ended it. */
export function endedBy(word: string): string {
  return ENDS[word] ?? `ended by ${plain(word)}`;
}

/**
 * What the page repeats elsewhere of a masked field: the preview of a card, "Hello Ann".
 *
 * Fields count that had the focus, or changed, while somebody watches, for as long as they are in the
 * page. Their values are looked for in texts and in attributes that hold words or URLs, and so are
 * pieces of them while they are being written. Not found are: up to three characters beside others,
 * choices, values in other words or another form (a date), in styles and in pictures, and what is
 * repeated after the field was cleared or is gone.
 *
 * Only new words are looked through: a text that was told before, and is masked because somebody
 * wrote the same, would tell what was written.
 */
import { isElement, isField, isWritten, MASKED, type Privacy } from "./masking.ts";
import { hide, maskNumbers, maskWords, STARS } from "./masking-text.ts";

/** A shorter value, or number, is found in every other text. */
const LEAST_CHARS = 4;
/** More is too much to look for at each change: then every new word counts as one of it. */
const MOST_CHARS = 16 * 1024;
const URLS = /^(src|srcset|poster|background|href|xlink:href|action|formaction|cite)$/;
const WORDS = /^(alt|title|label|placeholder|aria-[a-z]+)$/;

interface Held {
  values: RegExp | undefined;
  /** Digits of each value that has some. */
  numbers: string[];
  /** What is in the focused field. */
  focused: string;
}

export class Echoes {
  readonly #privacy: Privacy;
  readonly #fields = new Set<Element>();
  /** Nodes that were told as they are. */
  #told = new WeakSet<Node>();
  /** Nodes in which something was found: the field may hold it no longer, they still do. */
  readonly #echoing = new WeakSet<Node>();
  #held: Held | undefined;
  #isChange = false;

  constructor(privacy: Privacy) {
    this.#privacy = privacy;
  }

  /** Another event; `isChange`: of what it names something is new. */
  begin(isChange: boolean): void {
    this.#isChange = isChange;
    this.#held = undefined;
    const focused = focusedIn(document);
    if (focused) this.touch(focused);
  }

  /** Changes were missed: what was told before may be another text by now. */
  forget(): void {
    this.#told = new WeakSet();
  }

  /** Somebody writes into it, or a script does. */
  touch(node: Node): void {
    const isTyped = isWritten(node) || (isField(node) && node.type === "number");
    if (isTyped || (isElement(node) && (node as HTMLElement).isContentEditable)) {
      this.#fields.add(node);
    }
  }

  text(node: Node, text: string): string {
    if (!text.trim() || (!this.#isChange && this.#told.has(node))) return text;
    const masked = this.#mask(text);
    if (masked !== text) {
      this.#found(node);
      return masked;
    }
    if (!this.#isChange && this.#echoing.has(node)) return maskWords(text);
    this.#echoing.delete(node);
    this.#told.add(node);
    return text;
  }

  attribute(element: Element, name: string, value: string): string | undefined {
    const isUrl = URLS.test(name);
    if (!value || !(isUrl || WORDS.test(name))) return value;
    if (!this.#isChange && this.#told.has(element)) return value;
    const plain = isUrl ? decoded(value) : value;
    const masked = this.#mask(plain);
    if (masked !== plain) {
      this.#found(element);
      return isUrl ? undefined : masked;
    }
    return !this.#isChange && this.#echoing.has(element) ? undefined : value;
  }

  /** All attributes of the element were looked through. */
  told(element: Element): void {
    if (!this.#echoing.has(element)) this.#told.add(element);
  }

  #found(node: Node): void {
    this.#echoing.add(node);
    this.#told.delete(node);
  }

  #mask(text: string): string {
    this.#held ??= this.#hold();
    const { values, numbers, focused } = this.#held;
    const piece = text.trim().toLowerCase();
    // One field of a preview for each digit, or one that is behind.
    if (this.#isChange && /[\p{L}\d]/u.test(piece) && focused.includes(piece)) {
      return /\p{L}/u.test(piece) ? STARS : hide(text);
    }
    const masked = values ? text.replace(values, STARS) : text;
    const most = Math.max(...numbers.map(({ length }) => length));
    const isHeld = (digits: string) =>
      digits.length >= LEAST_CHARS && numbers.some((number) => number.includes(digits));
    return numbers.length > 0 ? maskNumbers(masked, most, isHeld) : masked;
  }

  #hold(): Held {
    const held: Held = { values: undefined, numbers: [], focused: "" };
    const lines: string[] = [];
    for (const field of this.#fields) {
      if (!field.isConnected) this.#fields.delete(field);
      const value = isField(field) ? field.value : (field.textContent ?? "");
      if (!field.isConnected || !value.trim() || this.#isTold(field, value)) continue;
      const { activeElement } = field.getRootNode() as Document | ShadowRoot;
      if (activeElement === field) held.focused = value.toLowerCase();
      lines.push(...value.split("\n").map((line) => line.trim()));
      const digits = value.replace(/\D/g, "");
      if (digits.length >= LEAST_CHARS) held.numbers.push(digits);
    }
    const long = lines.filter(({ length }) => length >= LEAST_CHARS).map(pattern);
    const all = long.join("|");
    if (all) held.values = all.length > MOST_CHARS ? /\S+/g : new RegExp(all, "giu");
    return held;
  }

  /** What others see of the field is what is in it. */
  #isTold(field: Element, value: string): boolean {
    const bits = this.#privacy.of(field);
    return isField(field) ? this.#privacy.value(field, bits) === value : !(bits & MASKED);
  }
}

/** Whatever white space is between the words. */
function pattern(line: string): string {
  return line.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, "\\s+");
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url.replaceAll("+", " "));
  } catch {
    return url;
  }
}

/** What has the focus, within shadow roots and frames too. */
function focusedIn(root: Document | ShadowRoot): Element | null {
  const { activeElement } = root;
  const inner =
    activeElement?.shadowRoot ?? (activeElement as HTMLIFrameElement | null)?.contentDocument;
  return inner ? focusedIn(inner) : activeElement;
}

/**
 * What of the page is private, decided on the live elements: nothing of it may leave the browser.
 *
 * Fields are masked unless the site says otherwise, and some whatever it says. What was a secret
 * once stays one: a "show password" button changes a field's type, not what was typed into it.
 */
import { OVERLAY_TAG } from "../visitor/parts.ts";
import { hasLongNumber, maskCards, maskTyped, maskWords, STARS } from "./masking-text.ts";

/** What a node has of itself, or of what it is in: bits. */
export const BLOCKED = 1;
/** Text and attributes are withheld. */
export const MASKED = 2;
/** The site lets fields be seen. */
const UNMASKED = 4;

/** What visitors write or choose, and what is computed from it. */
const FIELDS =
  "input,textarea,select,datalist,output,[contenteditable]:not([contenteditable=false i]),[role=textbox i],[role=searchbox i],[role=spinbutton i]";
/** Inputs that nobody writes into: a label, or a state that can be seen. */
const PLAIN =
  "input:is([type=submit],[type=button],[type=reset],[type=image],[type=checkbox],[type=radio])";
/** Fields that no site may unmask: passwords (rrweb marks those that were), secrets, what is not shown. */
const SECRETS =
  "[type=password],[type=hidden],[type=file],[data-rr-is-password],[autocomplete*=cc- i],[autocomplete*=one-time-code i],[autocomplete*=-password i]";

/** Names of such fields, where the page shows what is in them as text: words of `name`, `id`, `autocomplete`. */
const SECRET_NAME =
  /pass(w|phrase|code|\b)|pwd|cv[cv]|secret(?!ar)|kennwort|\b(pin|pincode|csc|ssn|otp|tan)\b/i;

/** Where a click, or a pointer, says nothing of what is in a masked field, nor changes it. */
const WRITTEN = /^(text|search|email|tel|url|password|textarea)$/;

const IS_FIELD = 1;
const IS_SECRET = 2;

export interface Selectors {
  mask?: string[] | undefined;
  block?: string[] | undefined;
  unmask?: string[] | undefined;
}

export class Privacy {
  /** Selects what rrweb replaces by an empty box. */
  readonly blockSelector: string;
  readonly #mask: string;
  readonly #unmask: string;
  /** What an element once was: a field, a secret. */
  readonly #past = new WeakMap<Element, number>();

  /** A selector that does not parse hides everything it could have meant: all of the page. */
  constructor({ mask, block, unmask }: Selectors) {
    this.blockSelector = join(`${OVERLAY_TAG},[data-baton-block]`, block, "body");
    this.#mask = join("[data-baton-mask]", mask, ":root");
    this.#unmask = join("[data-baton-unmask]", unmask);
  }

  /**
   * BLOCKED and MASKED, of the node or anything it is in, across shadow roots and frames, and of the
   * slot where it is shown. Closed shadow roots do not tell which slot that is.
   */
  of(node: Node | null, known = new Map<Node, number>()): number {
    // Detached: nobody can tell what it is in.
    if (!node) return BLOCKED | MASKED;
    const before = known.get(node);
    if (before !== undefined) return before;
    const inherited = this.#inherited(node, known);
    const bits = isElement(node) ? this.#own(node, inherited) : inherited;
    known.set(node, bits);
    return bits;
  }

  #inherited(node: Node, known: Map<Node, number>): number {
    const isEdited = isDocument(node) && node.designMode === "on" ? MASKED : 0;
    if (node === document) return isEdited;
    const slot = (node as Partial<Slottable>).assignedSlot;
    const shown = slot ? this.of(slot, known) & (BLOCKED | MASKED) : 0;
    return isEdited | shown | this.of(parentOf(node), known);
  }

  #own(element: Element, inherited: number): number {
    let bits = inherited;
    if (element.matches(this.blockSelector)) bits |= BLOCKED;
    if (element.matches(this.#mask)) bits |= MASKED;
    if (element.matches(this.#unmask)) bits |= UNMASKED;
    const past = this.#remember(element, 0);
    if (past & IS_SECRET || (past & IS_FIELD && !(bits & UNMASKED))) bits |= MASKED;
    return bits;
  }

  /** What the element is and was. */
  #remember(element: Element, known: number): number {
    let past = (this.#past.get(element) ?? 0) | known;
    if (element.matches(FIELDS)) {
      const isWritten = !element.matches(PLAIN);
      if (isWritten) past |= IS_FIELD;
      if (element.matches(SECRETS) || (isWritten && hasSecretName(element))) past |= IS_SECRET;
    }
    if (past) this.#past.set(element, past);
    return past;
  }

  /** The text of a text node as it may be told. */
  text(node: Node, value: string, bits: number): string {
    const holder = node.parentElement?.localName;
    if (holder === "style") return value;
    // Markup for browsers without scripts is not shown; what a text area shows is its value.
    if (holder === "noscript" || holder === "textarea" || bits & BLOCKED) return "";
    return bits & MASKED ? maskWords(value) : maskCards(value);
  }

  /** The `value` of an element as it may be told, from what it is now; undefined: not at all. */
  value(element: Element, bits: number): string | undefined {
    const isMasked = (bits & MASKED) !== 0;
    if (isField(element)) {
      const { type, value } = element;
      if (/^(hidden|file|radio|checkbox)$/.test(type)) return undefined;
      if (!isMasked) return this.#seen(element);
      // Stars are no option of a select: its first one, which is masked too, is shown.
      return value && element.localName !== "select" ? STARS : undefined;
    }
    const value = element.getAttribute("value");
    if (isMasked || value === null || !/^(option|li|meter|progress)$/.test(element.localName)) {
      return undefined;
    }
    return maskCards(value);
  }

  #seen(field: Field): string {
    const { value, localName, ownerDocument } = field;
    if (hasLongNumber(value)) {
      this.#remember(field, IS_SECRET);
      return STARS;
    }
    const isFocused = (field.getRootNode() as Document | ShadowRoot).activeElement === field;
    // Committed: by leaving the field, or by Enter.
    const isTyping =
      isFocused && localName !== "select" && ownerDocument.defaultView?.event?.type !== "change";
    return isTyping ? maskTyped(value) : value;
  }
}

export type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export function isField(node: Node): node is Field {
  return isElement(node) && /^(input|textarea|select)$/.test(node.localName);
}

/** Whether somebody writes into it: to point there says nothing, as it does of a choice or a slider. */
export function isWritten(node: Node): node is Field {
  return isField(node) && WRITTEN.test(node.type);
}

function hasSecretName(element: Element): boolean {
  const names = ["name", "id", "autocomplete"].map((name) => element.getAttribute(name) ?? "");
  // "userPin", "user_pin": words of their own.
  return SECRET_NAME.test(names.join(" ").replace(/([a-z\d])(?=[A-Z])|_|\d/g, "$1 "));
}

// By type, not by class: nodes of a frame are of other classes than those of this window.
export function isElement(node: Node): node is Element {
  return node.nodeType === Node.ELEMENT_NODE;
}

function isDocument(node: Node): node is Document {
  return node.nodeType === Node.DOCUMENT_NODE;
}

/** What a node is in: a shadow root is in its host, a document in its frame. */
function parentOf(node: Node): Node | null {
  if (isDocument(node)) return node.defaultView?.frameElement ?? null;
  return node.parentNode ?? (node as ShadowRoot).host ?? null;
}

/** One selector of many; in place of one that does not parse, another. */
function join(own: string, more: string[] = [], fallback?: string): string {
  const valid = more.flatMap((selector) => {
    try {
      document.createDocumentFragment().querySelector(selector);
      return selector;
    } catch {
      console.warn(`Baton: no valid selector: ${selector}`);
      return fallback ?? [];
    }
  });
  return [own, ...valid].join();
}

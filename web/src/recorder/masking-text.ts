/** What may be said of a page in words: stars, card numbers, URLs, attributes. Knows no document. */

/** Stands for every private value: its length says nothing of what it hides. */
export const STARS = "******";

/** Digits of a payment card number (ISO/IEC 7812). */
const CARD_DIGITS = { least: 13, most: 19 };
/** So much of a number that is being typed is shown: the issuer and no more. */
const PREFIX_DIGITS = 6;

/** Up to two spaces (of any kind), dots, dashes or invisible characters between two digits. */
const BETWEEN = "[\\s.\\-\\u00ad\\u200b-\\u200d\\u2010-\\u2015\\u2060]{0,2}";
const DIGIT_RUN = new RegExp(`\\d(?:${BETWEEN}\\d)+`, "g");
const LONG_RUN = new RegExp(`(?:\\d${BETWEEN}){${CARD_DIGITS.least}}`);

/** Stars for each word: about as much room, and not how long a name or how large a sum is. */
export function maskWords(text: string): string {
  return text.replace(/\S+/g, STARS);
}

/** The text with the digits of every card number in it masked. */
export function maskCards(text: string): string {
  return text.replace(DIGIT_RUN, (run) => {
    const groups = run.match(/\d+/g) ?? [];
    const isCard = groups.map(() => false);
    // A card number ends where a group of digits does; what stands beside it ("… 12/27") is no part of it.
    groups.forEach((_, from) => {
      let digits = "";
      for (let to = from; to < groups.length && digits.length < CARD_DIGITS.most; to++) {
        digits += groups[to];
        if (passesLuhn(digits)) isCard.fill(true, from, to + 1);
      }
    });
    let group = 0;
    return run.replace(/\d+/g, (digits) => (isCard[group++] ? hide(digits) : digits));
  });
}

/** Whether a number as long as a card's is in it, whatever its check digit says. */
export function hasLongNumber(text: string): boolean {
  return LONG_RUN.test(text);
}

/**
 * What a field shows while somebody types: of each number only the beginning. All but one digit of
 * a card number tell the last, and the check digit is right only when all are there.
 */
export function maskTyped(value: string): string {
  return value.replace(DIGIT_RUN, (run) => {
    let shown = PREFIX_DIGITS;
    return run.replace(/\d/g, (digit) => (shown-- > 0 ? digit : "*"));
  });
}

function hide(digits: string): string {
  return digits.replace(/\d/g, "*");
}

/** Whether the digits are as many as a card has, and their check digit is right (ISO/IEC 7812-1). */
export function passesLuhn(digits: string): boolean {
  if (digits.length < CARD_DIGITS.least || digits.length > CARD_DIGITS.most) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits.at(-1 - i));
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  // Zeroes only: a placeholder, not a number.
  return sum > 0 && sum % 10 === 0;
}

/** Origin and path: no user, query, fragment or path parameters, which may carry tokens. */
export function bareUrl(url: string): string {
  try {
    const { protocol, origin, pathname } = new URL(url);
    return /^https?:$/.test(protocol) ? maskCards(origin + pathname.replace(/;[^/]*/g, "")) : "";
  } catch {
    return "";
  }
}

/** All that is told of a masked element: what gives it its place and size. */
const OF_MASKED =
  /^(class|id|type|role|dir|rows|cols|size|multiple|(col|row)span|width|height|viewBox|hidden|disabled|rr_(width|height|scroll\w+)|_cssText)$/;

/** Attributes that may hold words: what a reader sees, or hears. */
const WORDS = /^(id|alt|title|label|placeholder|aria-[a-z]+)$/;
/** Those whose values the mirror needs as they are, to look like the page. */
const LOOKS =
  /^(class|style|src|srcset|sizes|media|poster|rel|for|type|background|charset|xmlns(:\w+)?|_cssText)$/;
/** Never shown, and often tokens: whatever their value looks like. */
const NEVER = /^(srcdoc|nonce|integrity|ping|rr_src|value|content)$|^on|csrf|token/;
/** Names that a page gives to what somebody wrote, where names are the page's own to give. */
const WRITTEN = /value|text|content|input|query|search|name|user|mail|pass/;
/** Of anything else, what a style sheet may ask for: one plain word, a number, a length, a colour. */
const STATE = /^([a-z_-]{0,24}|-?[\d.]{1,4}%?|[\d.]+px|#[\da-f]{3,8})$/i;
/** Geometry and paint of SVG: numbers, references within the page. */
const SVG = /^(xlink:href|(?!data|aria|ng|x|v|hx)[a-z]+(-[a-z]+)*)$/i;
const LINKS = /^(href|xlink:href|action|formaction|cite)$/;

export interface Holder {
  /** In lower case. */
  tag: string;
  /** Its text is masked. */
  isMasked: boolean;
  isSvg: boolean;
  /** `rel` of a link, `name` of a meta element. */
  purpose: string;
}

/** The value of an attribute as it may be told; undefined: not at all. `value` is not decided here. */
export function attribute(holder: Holder, name: string, value: string): string | undefined {
  const { tag, isMasked, isSvg, purpose } = holder;
  if (tag === "meta") {
    return name === "charset" || purpose === "viewport" ? value : undefined;
  }
  if (name === "_cssText") return tag === "style" || tag === "link" ? value : undefined;
  if (isMasked) {
    if (name === "style") return isPlainStyle(value) ? value : undefined;
    return OF_MASKED.test(name) ? value : undefined;
  }
  if (WRITTEN.test(name) && (name.startsWith("data-") || tag.includes("-"))) return undefined;
  if (NEVER.test(name) || (/frame|object|embed/.test(tag) && /^(src|data)$/.test(name)))
    return undefined;
  if (LINKS.test(name)) {
    if (tag === "link") return /stylesheet|icon/.test(purpose) ? value : undefined;
    if (isSvg && tag !== "a") return value;
    return tag === "base" ? undefined : bareUrl(value);
  }
  if (WORDS.test(name)) return maskCards(value);
  if (LOOKS.test(name) || STATE.test(value) || (isSvg && SVG.test(name))) return value;
  return undefined;
}

/** The same of what is no text: numbers, flags and changes of styles, by property. */
export function attributeState<T>(holder: Holder, name: string, value: T): T | undefined {
  const isOpen =
    !holder.isMasked ||
    OF_MASKED.test(name) ||
    (name === "style" && isPlainStyle(Object.entries(value ?? {}).join()));
  return isOpen ? value : undefined;
}

/** Styles of masked elements may hold images, texts, and variables that are shown as texts. */
function isPlainStyle(style: string): boolean {
  return !/url|--|["']/i.test(style);
}

/** What may be said of a page in words: stars, numbers, URLs. Knows no document. */

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
  return maskNumbers(text, CARD_DIGITS.most, passesLuhn);
}

/** The text without the digits of private numbers: of one group of digits, or of several, `most` digits long. */
export function maskNumbers(
  text: string,
  most: number,
  isPrivate: (digits: string) => boolean,
): string {
  return text.replace(DIGIT_RUN, (run) => {
    const groups = run.match(/\d+/g) ?? [];
    const isHidden = groups.map(() => false);
    // A number ends where a group of digits does; what stands beside it ("… 12/27") is no part of it.
    groups.forEach((_, from) => {
      let digits = "";
      for (let to = from; to < groups.length && digits.length < most; to++) {
        digits += groups[to];
        if (isPrivate(digits)) isHidden.fill(true, from, to + 1);
      }
    });
    let group = 0;
    return run.replace(/\d+/g, (digits) => (isHidden[group++] ? hide(digits) : digits));
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

export function hide(digits: string): string {
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

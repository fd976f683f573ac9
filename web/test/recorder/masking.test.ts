/** What may be said of a page in words: card numbers, URLs, attributes. */
import { expect, test } from "vitest";
import {
  attribute,
  attributeState,
  bareUrl,
  type Holder,
  hasLongNumber,
  maskCards,
  maskTyped,
  maskWords,
  passesLuhn,
} from "../../src/recorder/masking-text.ts";

/** Numbers of the card networks' own test accounts. */
const CARDS = ["4111111111111111", "378282246310005", "4222222222222", "6304000000000000000"];

test.each(CARDS)("the check digit of %s is right, and of no other last digit", (card) => {
  expect(passesLuhn(card)).toBe(true);
  for (let digit = 0; digit <= 9; digit++) {
    const other = card.slice(0, -1) + digit;
    if (other !== card) expect(passesLuhn(other)).toBe(false);
  }
});

test("zeroes, and numbers shorter or longer than a card's, are none", () => {
  expect(passesLuhn("0000000000000000")).toBe(false);
  expect(passesLuhn("42")).toBe(false);
  expect(passesLuhn("4".repeat(20))).toBe(false);
});

test.each([
  ["4111111111111111", "****************"],
  ["Card 4111 1111 1111 1111, thanks", "Card **** **** **** ****, thanks"],
  ["4111-1111-1111-1111", "****-****-****-****"],
  ["4111\u00a01111\u00a01111\u00a01111", "****\u00a0****\u00a0****\u00a0****"],
  ["4111\u200b1111\u200b1111\u200b1111", "****\u200b****\u200b****\u200b****"],
  ["3782 822463 10005", "**** ****** *****"],
  ["4111 1111 1111 1111 12/27", "**** **** **** **** 12/27"],
  ["7 4111 1111 1111 1111", "7 **** **** **** ****"],
])("in %j the card number is masked", (text, masked) => {
  expect(maskCards(text)).toBe(masked);
});

test.each([
  "Order 4111111111111112",
  "+49 170 1234567",
  "2026-11-22 06:43:43",
  "1 2 3",
  "no digits",
  "",
])("%j stays as it is", (text) => {
  expect(maskCards(text)).toBe(text);
});

test("of a number that is being typed six digits are shown", () => {
  expect(maskTyped("4111 1111 1111")).toBe("4111 11** ****");
  expect(maskTyped("12 Main Street, 90210")).toBe("12 Main Street, 90210");
  expect(hasLongNumber("4111 1111 1111 1")).toBe(true);
  expect(hasLongNumber("4111 1111 1111")).toBe(false);
});

test("stars tell how many words there are, and not how long they are", () => {
  expect(maskWords("Ann  de\nGroot")).toBe("******  ******\n******");
  expect(maskWords(" ")).toBe(" ");
});

test.each([
  ["https://u:p@shop.test:8443/cart;sid=9/a?b=1#c", "https://shop.test:8443/cart/a"],
  ["http://shop.test", "http://shop.test/"],
  ["https://shop.test/pay/4111111111111111", "https://shop.test/pay/****************"],
  ["mailto:ann@shop.test", ""],
  ["javascript:alert(1)", ""],
  ["/relative", ""],
])("of %s is told %j", (url, bare) => {
  expect(bareUrl(url)).toBe(bare);
});

const PLAIN: Holder = { tag: "div", isMasked: false, isSvg: false, purpose: "" };

test.each([
  ["class", "card wide"],
  ["title", "Delivery tomorrow"],
  ["aria-label", "Close the dialog"],
  ["alt", "A red shoe"],
  ["style", "color: red"],
  ["src", "https://cdn.test/a.png?w=200"],
  ["data-state", "open"],
  ["data-level", "2"],
  ["hidden", ""],
  ["width", "50%"],
  ["bgcolor", "#ffeecc"],
  ["rr_width", "120.484375px"],
])("%s=%j may be told", (name, value) => {
  expect(attribute(PLAIN, name, value)).toBe(value);
});

test.each([
  ["data-email", "ann@shop.test"],
  ["data-replicated-value", "Ann"],
  ["data-user", '{"name":"Ann"}'],
  ["data-token", "open"],
  ["csrf-token", "abc"],
  ["ng-reflect-model", "Ann de Groot"],
  ["onclick", "pay()"],
  ["nonce", "abc"],
  ["srcdoc", "<p>"],
  ["value", "1"],
  ["wire:snapshot", "{}{}"],
])("%s=%j may not", (name, value) => {
  expect(attribute(PLAIN, name, value)).toBeUndefined();
});

test("of a masked element only its place and size are told", () => {
  const masked: Holder = { ...PLAIN, isMasked: true };
  for (const name of ["title", "alt", "aria-label", "placeholder", "src", "href", "data-state"]) {
    expect(attribute(masked, name, "open")).toBeUndefined();
  }
  expect(attribute(masked, "class", "card")).toBe("card");
  expect(attribute(masked, "style", "width: 10px")).toBe("width: 10px");
  expect(attribute(masked, "style", "background: url(a.png)")).toBeUndefined();
  expect(attribute(masked, "style", "--name: Ann")).toBeUndefined();
  expect(attributeState(masked, "checked", true)).toBeUndefined();
  expect(attributeState(masked, "rr_scrollTop", 4)).toBe(4);
  expect(attributeState(masked, "style", { content: '"Ann"' })).toBeUndefined();
  expect(attributeState(masked, "style", { width: "10px" })).toEqual({ width: "10px" });
});

test("links are told without what they carry, and those nobody sees not at all", () => {
  const told = (tag: string, name: string, purpose = "") =>
    attribute({ ...PLAIN, tag, purpose }, name, "https://shop.test/a?token=1#x");
  expect(told("a", "href")).toBe("https://shop.test/a");
  expect(told("form", "action")).toBe("https://shop.test/a");
  expect(told("button", "formaction")).toBe("https://shop.test/a");
  expect(told("link", "href", "stylesheet")).toBe("https://shop.test/a?token=1#x");
  expect(told("link", "href", "canonical")).toBeUndefined();
  expect(told("iframe", "src")).toBeUndefined();
  expect(told("base", "href")).toBeUndefined();
});

test("of meta elements only what the layout needs", () => {
  const meta = (name: string, purpose: string) =>
    attribute({ ...PLAIN, tag: "meta", purpose }, name, "x");
  expect(meta("charset", "")).toBe("x");
  expect(meta("content", "viewport")).toBe("x");
  expect(meta("content", "csrf-token")).toBeUndefined();
  expect(meta("content", "description")).toBeUndefined();
});

test("drawings keep their geometry, and nothing else", () => {
  const svg: Holder = { ...PLAIN, tag: "path", isSvg: true };
  expect(attribute(svg, "d", "M4111 1111.1 1111 1111z")).toBe("M4111 1111.1 1111 1111z");
  expect(attribute(svg, "stroke-dasharray", "4 2 1")).toBe("4 2 1");
  expect(attribute(svg, "data-name", "Ann de Groot")).toBeUndefined();
});

/** What may be said of a page in words: stars, numbers, URLs. */
import { expect, test } from "vitest";
import {
  bareUrl,
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

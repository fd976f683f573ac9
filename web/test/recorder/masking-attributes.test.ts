/** What may be told of an attribute. */
import { expect, test } from "vitest";
import { attribute, attributeState, type Holder } from "../../src/recorder/masking-attributes.ts";

const PLAIN: Holder = {
  tag: "div",
  isMasked: false,
  isSvg: false,
  purpose: "",
  styled: () => undefined,
};

test.each([
  ["class", "card wide"],
  ["title", "Delivery tomorrow"],
  ["aria-label", "Close the dialog"],
  ["alt", "A red shoe"],
  ["style", "color: red"],
  ["src", "https://cdn.test/a.png?w=200"],
  ["data-state", "open"],
  ["data-side", "left"],
  ["data-theme", "dark"],
  ["data-orientation", "vertical"],
  ["aria-expanded", "true"],
  ["data-v-7ba5bd90", ""],
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
  ["data-pin", "1234"],
  ["data-cvc", "737"],
  ["data-step", "2"],
  ["data-diagnosis", "depression"],
  ["x-model", "hunter"],
  ["v-bind", "hunter"],
  ["account", "hunter"],
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

test("what a style sheet names is told, of other values that there is one", () => {
  const holder: Holder = { ...PLAIN, styled: (_, value) => (value === "card-title" ? value : "") };
  expect(attribute(holder, "data-slot", "card-title")).toBe("card-title");
  expect(attribute(holder, "data-slot", "hunter")).toBe("");
  expect(attribute({ ...holder, isMasked: true }, "data-slot", "card-title")).toBeUndefined();
  expect(attribute(holder, "data-token", "card-title")).toBeUndefined();
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
  expect(attribute(svg, "viewBox", "0 0 24 24")).toBe("0 0 24 24");
  expect(attribute(svg, "x1", "12.5")).toBe("12.5");
  expect(attribute(svg, "stroke-dasharray", "4 2 1")).toBe("4 2 1");
  expect(attribute(svg, "data-name", "Ann de Groot")).toBeUndefined();
});

/** Parts of the visitor script that need no page. */
import { afterEach, expect, test, vi } from "vitest";
import { filled, textsOf } from "../../src/panel/texts.ts";
import { Memory } from "../../src/visitor/memory.ts";
import { profile } from "../../src/visitor/profile.ts";
import { takeTurn } from "../../src/visitor/turn.ts";

const PIXEL =
  "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36";
const IPAD =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/18.0 Safari/605.1";

afterEach(() => {
  vi.unstubAllGlobals();
});

function browser(userAgent: string, href: string, maxTouchPoints = 0): void {
  vi.stubGlobal("navigator", { userAgent, maxTouchPoints });
  vi.stubGlobal("location", new URL(href));
}

test("a profile tells the page without what may be secret, and the kind of device", () => {
  browser(PIXEL, "https://shop.test:8443/basket;jsessionid=1/pay?card=2#3");
  expect(profile({ uniqueId: "v1" })).toEqual({
    uniqueId: "v1",
    identities: [],
    tags: [],
    url: "https://shop.test:8443/basket/pay",
    browserName: "Chrome",
    deviceType: "mobile",
  });
  browser(PIXEL, "https://shop.test/card/4111111111111111/4111111111111112");
  expect(profile({}).url).toBe("https://shop.test/card/****************/4111111111111112");
  browser(IPAD, "file:///home/vera/page.html", 5);
  expect(profile({})).toEqual({
    identities: [],
    tags: [],
    browserName: "Safari",
    deviceType: "tablet",
  });
});

test("a profile keeps within the bounds of the protocol", () => {
  browser(PIXEL, "https://shop.test/");
  const many = Array.from({ length: 30 }, () => "🙂".repeat(300));
  const { identities = [], tags, uniqueId } = profile({ uniqueId: "a\uD800b", identities: many });
  expect(identities).toHaveLength(20);
  expect([...(identities[0] ?? "")]).toHaveLength(200);
  expect(tags).toEqual([]);
  expect(uniqueId).toBe("a\uFFFDb");
});

test("where the browser denies storage the page remembers by itself", () => {
  vi.stubGlobal("sessionStorage", {
    getItem: () => {
      throw new Error("denied");
    },
    setItem: () => {
      throw new Error("denied");
    },
    removeItem: () => {
      throw new Error("denied");
    },
  });
  const memory = new Memory("test:");
  memory.session = "token";
  expect(memory.session).toBe("token");
  memory.session = undefined;
  expect(memory.session).toBeUndefined();
});

test("a site's texts replace ours by name, and nothing else", () => {
  const texts = textsOf({ allow: "Erlauben", unknown: "?" });
  expect(texts.allow).toBe("Erlauben");
  expect(texts.decline).toBe("Decline");
  expect(texts).not.toHaveProperty("unknown");
  expect(filled("{name} und {other}", { name: "$& {name}" })).toBe("$& {name} und {other}");
});

test("without locks every page has its turn, and the lock's name does not tell the token", async () => {
  vi.stubGlobal("navigator", {});
  const { signal } = new AbortController();
  expect(await takeTurn("secret", signal, () => {})).toBe(true);
  const names: string[] = [];
  const request = async (name: string, _: unknown, held: () => Promise<void>) => {
    names.push(name);
    await held();
  };
  vi.stubGlobal("navigator", { locks: { request } });
  expect(await takeTurn("secret", signal, () => {})).toBe(true);
  expect(names).toHaveLength(1);
  expect(names[0]).toMatch(/^baton-/);
  expect(names[0]).not.toContain("secret");
});

test("where locks are denied it is as without them", async () => {
  const request = () => Promise.reject(new DOMException("denied", "SecurityError"));
  vi.stubGlobal("navigator", { locks: { request } });
  vi.useFakeTimers();
  const turn = takeTurn("secret", new AbortController().signal, () => {});
  let isMine: boolean | undefined;
  void turn.then((mine) => {
    isMine = mine;
  });
  await vi.waitFor(() => expect(isMine).toBe(true));
  vi.useRealTimers();
});

test("who gives up waiting has no turn", async () => {
  const request = (_name: string, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  vi.stubGlobal("navigator", { locks: { request } });
  vi.useFakeTimers();
  const giving = new AbortController();
  const turn = takeTurn("secret", giving.signal, () => {});
  giving.abort();
  await vi.runAllTimersAsync();
  expect(await turn).toBe(false);
  vi.useRealTimers();
});

/** The viewer's rules, without a browser: colours, geometry, order of statuses and of frames, scenes. */
import { expect, test, vi } from "vitest";
import { addressOf, socketUrl, typedUrl, webUrl } from "../../src/viewer/address.ts";
import { cleanse, cleanseChange } from "../../src/viewer/cleanse.ts";
import { COLORS, hexColor, nextColor } from "../../src/viewer/colors.ts";
import { Feed } from "../../src/viewer/feed.ts";
import { relativeTo, scaleOf, toPage } from "../../src/viewer/geometry.ts";
import { isVouchedFor, termsOf } from "../../src/viewer/link.ts";
import { Milestones, type SessionStatus } from "../../src/viewer/milestones.ts";
import { type Knowledge, mayRetry, sceneOf, wantsNewLink } from "../../src/viewer/scene.ts";
import { POINTS_MOST, Stroke } from "../../src/viewer/stroke.ts";
import { Throttle } from "../../src/viewer/throttle.ts";
import { Track } from "../../src/viewer/track.ts";
import { encode } from "../../src/wire/frame.ts";
import type { FromViewer, ViewerSession } from "../../src/wire/messages.ts";
import { INFLATED_MOST, pack, unpack } from "../../src/wire/packing.ts";

test("the page's URL names the socket and the token, whatever the base", () => {
  const plain = addressOf("http://127.0.0.1:8080/cobrowse/watch/a.b-c_d");
  expect(plain).toEqual({
    token: "a.b-c_d",
    name: undefined,
    socket: "ws://127.0.0.1:8080/cobrowse/socket/viewer",
  });
  const named = addressOf("https://cb.test/cobrowse/watch/c1d?name=Ann%20%26%20Bo");
  if (!named) throw new Error("no address");
  expect(socketUrl(named, "c1d")).toContain("?token=c1d&name=Ann%20%26%20Bo");
  const rooted = addressOf("https://cb.test/watch/x%2Fy?z#q");
  expect(rooted).toEqual({ token: "x/y", socket: "wss://cb.test/socket/viewer" });
  expect(socketUrl({ token: "", socket: "wss://cb.test/s", name: undefined }, "a+b/c")).toBe(
    "wss://cb.test/s?token=a%2Bb%2Fc",
  );
  expect(addressOf("https://cb.test/cobrowse/watch/")).toBeUndefined();
});

test("only http and https URLs are followed", () => {
  expect(webUrl("https://crm.test/again?x=1")).toBe("https://crm.test/again?x=1");
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "/again", "", undefined, 7]) {
    expect(webUrl(bad)).toBeUndefined();
  }
  expect(typedUrl(" shop.test/help ")).toBe("https://shop.test/help");
  expect(typedUrl("http://shop.test")).toBe("http://shop.test/");
  for (const bad of ["javascript:alert(1)", "javascript://x/%0aalert(1)", "two words", " "]) {
    expect(typedUrl(bad)).toBeUndefined();
  }
});

test("colours are #rgb or #rrggbb, and told as #rrggbb", () => {
  expect(hexColor("#E4572E")).toBe("#e4572e");
  expect(hexColor("#0aF")).toBe("#00aaff");
  for (const bad of ["e4572e", "#e4572", "#e4572e00", "red", "#ggg", 7, null, undefined, {}]) {
    expect(hexColor(bad)).toBeUndefined();
  }
});

test("the built-in colours begin with Upscope's, and go round", () => {
  expect(COLORS[0]).toBe("#e4572e");
  let color = COLORS[0];
  const round = COLORS.map(() => {
    color = nextColor(color);
    return color;
  });
  expect(new Set(round).size).toBe(COLORS.length);
  expect(color).toBe(COLORS[0]);
  expect(nextColor("#123456")).toBe(COLORS[0]);
});

test("a page is scaled down to fit, never up", () => {
  const stage = { width: 500, height: 400 };
  expect(scaleOf({ width: 1000, height: 600 }, stage, "fit")).toBe(0.5);
  expect(scaleOf({ width: 390, height: 800 }, stage, "fit")).toBe(0.5);
  expect(scaleOf({ width: 300, height: 200 }, stage, "fit")).toBe(1);
  expect(scaleOf({ width: 1000, height: 600 }, stage, "full")).toBe(1);
});

test("points are those of the visitor's viewport, and within it", () => {
  const shown = { left: 100, top: 50, width: 500, height: 300 };
  const page = { width: 1000, height: 600 };
  expect(toPage({ x: 350, y: 200 }, shown, page)).toEqual({ x: 500, y: 300 });
  expect(toPage({ x: 0, y: 900 }, shown, page)).toEqual({ x: 0, y: 600 });
  expect(relativeTo({ x: 12.34, y: 5 }, { left: 10, top: 8, width: 1, height: 1 })).toEqual({
    x: 2.3,
    y: 0,
  });
});

test("statuses are told in order, each once, and `waiting` first", () => {
  const told: SessionStatus[] = [];
  const milestones = new Milestones((status) => told.push(status));
  for (const status of [
    "active",
    "waiting",
    "active",
    "viewerReady",
    "snapshotReceived",
  ] as const) {
    milestones.reach(status);
  }
  milestones.reach("terminated");
  milestones.reach("active");
  expect(told).toEqual(["waiting", "active", "viewerReady", "terminated"]);
});

test("deltas are shown without a gap, and after a snapshot only", () => {
  const track = new Track();
  const judge = (kind: 1 | 2 | 3, epoch: number, sequence: number) =>
    track.judge({ kind, epoch, sequence });
  expect(judge(2, 1, 1)).toBe("drop");
  expect(judge(1, 1, 7)).toBe("show");
  expect(judge(2, 1, 8)).toBe("show");
  expect(judge(3, 1, 8)).toBe("show");
  expect(judge(3, 1, 7)).toBe("drop");
  expect(judge(2, 1, 10)).toBe("lost");
  expect(judge(2, 1, 11)).toBe("drop");
  expect(judge(1, 1, 11)).toBe("show");
  expect(judge(2, 2, 1)).toBe("lost");
  expect(judge(1, 2, 0)).toBe("show");
  expect(judge(2, 2, 1)).toBe("show");
  track.reset();
  expect(judge(2, 2, 2)).toBe("drop");
});

test("a loss is told once until a snapshot comes", () => {
  const track = new Track();
  expect(track.lose()).toBe(true);
  expect(track.lose()).toBe(false);
  track.judge({ kind: 1, epoch: 1, sequence: 0 });
  expect(track.lose()).toBe(true);
});

test("the newest position is never lost, and no more are sent than agreed", () => {
  vi.useFakeTimers();
  const sent: number[] = [];
  const throttle = new Throttle<number>(25, (value) => sent.push(value));
  for (let at = 0; at < 1000; at += 1) {
    throttle.push(at);
    vi.advanceTimersByTime(1);
  }
  vi.advanceTimersByTime(100);
  expect(sent.length).toBeLessThanOrEqual(41);
  expect(sent.at(-1)).toBe(999);
  vi.useRealTimers();
});

test("a stroke goes in parts that a message takes, with no point lost", () => {
  const said: FromViewer[] = [];
  const stroke = new Stroke("s1", "#e4572e", (message) => said.push(message));
  const points = Array.from({ length: 600 }, (_, at): [number, number] => [at, at]);
  stroke.add(points);
  stroke.end();
  const parts = said.flatMap((message) => (message.type === "draw" ? [message] : []));
  expect(parts.flatMap((part) => part.points)).toEqual(points);
  expect(parts.every(({ points, id }) => points.length <= POINTS_MOST && id === "s1")).toBe(true);
});

const ACTIVE: ViewerSession = {
  type: "session",
  status: "active",
  users: [],
  visitorConnected: true,
};

test("every state has its scene", () => {
  const scene = (known: Partial<Knowledge>) =>
    sceneOf({ connection: { state: "open" }, hasPicture: false, ...known });
  expect(scene({}).name).toBe("connecting");
  expect(scene({ session: { ...ACTIVE, status: "created" } }).name).toBe("waiting");
  expect(scene({ session: { ...ACTIVE, status: "pendingRequest" } }).name).toBe("asking");
  expect(scene({ session: ACTIVE }).name).toBe("loading");
  expect(scene({ session: ACTIVE, hasPicture: true }).name).toBe("live");
  expect(scene({ session: { ...ACTIVE, visitorConnected: false }, backUntil: 9 })).toEqual({
    name: "left",
    until: 9,
  });
  const broken = { state: "broken" as const, retryAt: 5 };
  expect(scene({ connection: broken, session: ACTIVE }).name).toBe("reconnecting");
  const full = { by: "refusal" as const, status: 429, code: "TooManyRequests", detail: "" };
  expect(scene({ connection: { ...broken, refusal: full } })).toMatchObject({ why: "full" });
  const drained = { ...full, status: 503, code: "NodeUnavailable" };
  expect(scene({ connection: { ...broken, refusal: drained } })).toMatchObject({ why: "away" });
  expect(scene({ connection: broken })).toMatchObject({ name: "unavailable", why: "lost" });
  expect(scene({ session: { ...ACTIVE, status: "terminated", endedBy: "timeout" } })).toEqual({
    name: "ended",
    by: "timeout",
  });
});

test("refusals say whether a new link helps, or a new try", () => {
  const of = (status: number, code: string) =>
    sceneOf({
      connection: { state: "connecting" },
      hasPicture: false,
      ending: { by: "refusal", status, code, detail: "" },
    });
  expect(of(410, "SessionEnded")).toEqual({ name: "ended" });
  expect(wantsNewLink(of(410, "LinkUsed"))).toBe(true);
  expect(wantsNewLink(of(404, "NoSuchSession"))).toBe(true);
  expect(wantsNewLink(of(402, "TooManyWatched"))).toBe(false);
  expect(mayRetry(of(402, "TooManyWatched"))).toBe(true);
  expect(mayRetry(of(404, "NoSuchSession"))).toBe(false);
});

test("a link's own terms are read from it, and vouched for by some refusals only", () => {
  const l = { branding: { naked: false, retry_url: "https://crm.test/é" } };
  const payload = Buffer.from(JSON.stringify({ jti: "x", l })).toString("base64url");
  expect(termsOf(`h.${payload}.s`)).toEqual(l);
  for (const bad of ["cid", "a.b.c", "a.%%.c", `h.${btoa("null")}.s`, `h.${btoa('{"l":7}')}.s`]) {
    expect(termsOf(bad)).toBeUndefined();
  }
  expect([402, 404, 410].map(isVouchedFor)).toEqual([true, false, true]);
});

test("frames are shown in their order, though large ones are inflated first", async () => {
  const shown: unknown[] = [];
  let losses = 0;
  const feed = new Feed({
    show: (events) =>
      shown.push(...(events as { data: { at: number } }[]).map((e) => e.data.at)) > 0,
    lost: () => {
      losses += 1;
    },
  });
  const take = async (kind: 1 | 2, sequence: number, filler = "") => {
    const { bytes, compressed } = await pack([{ data: { at: sequence, filler } }] as never);
    feed.take(encode({ kind, compressed, epoch: 1, sequence }, bytes).buffer);
    return compressed;
  };
  expect(await take(1, 0, "x".repeat(1 << 20))).toBe(true);
  await take(2, 1);
  await take(2, 3);
  await take(2, 4);
  await vi.waitFor(() => expect(shown).toEqual([0, 1]));
  expect(losses).toBe(1);
  feed.take(encode({ kind: 1, compressed: true, epoch: 1, sequence: 4 }, new Uint8Array(9)).buffer);
  await vi.waitFor(() => expect(losses).toBe(2));
  await take(1, 4);
  await take(2, 5);
  await vi.waitFor(() => expect(shown).toEqual([0, 1, 4, 5]));
});

test("a small frame that inflates to too many bytes is a loss, and not shown", async () => {
  const blanks = new Blob([new Uint8Array(INFLATED_MOST).fill(0x20), "[1]"]).stream();
  const deflated = new Response(blanks.pipeThrough(new CompressionStream("deflate-raw")));
  const bomb = new Uint8Array(await deflated.arrayBuffer());
  expect(bomb.length).toBeLessThan(INFLATED_MOST / 500);
  await expect(unpack(bomb, true)).rejects.toThrow("too many bytes");
  const told: string[] = [];
  const feed = new Feed({
    show: () => told.push("shown") > 0,
    lost: () => told.push("lost"),
  });
  feed.take(encode({ kind: 1, compressed: true, epoch: 1, sequence: 0 }, bomb).buffer);
  await vi.waitFor(() => expect(told).toEqual(["lost"]), { timeout: 30_000 });
});

test("what is large, and not too large, is the same after packing", async () => {
  const events = [{ data: { text: "é€𝄞".repeat(1 << 20) } }] as never;
  const { bytes, compressed } = await pack(events);
  expect(await unpack(bytes as Uint8Array<ArrayBuffer>, compressed)).toEqual(events);
});

/** The attributes that are left of an element's. */
function cleaned(tagName: string, attributes: Record<string, unknown>): Record<string, unknown> {
  const node = { type: 2, tagName, attributes, childNodes: [], id: 1 };
  cleanse([{ type: 2, data: { node: { type: 0, childNodes: [node], id: 2 } } }]);
  return { tagName: node.tagName, ...node.attributes };
}

test("what a page could do, beside looking like something, goes", () => {
  expect(
    cleaned("IFRAME", { src: "https://x.test", srcdoc: "<b>", sandbox: "", width: "9" }),
  ).toEqual({ tagName: "IFRAME", width: "9" });
  expect(cleaned("a", { href: "javascript:x", target: "_top", ping: "/p", class: "k" })).toEqual({
    tagName: "a",
    href: "#",
    class: "k",
  });
  expect(cleaned("SCRIPT", { src: "https://x.test/x.js" }).tagName).toBe("noscript");
  expect(cleaned("svg:script", {}).tagName).toBe("noscript");
  expect(cleaned("base", { href: "https://x.test" }).tagName).toBe("noscript");
  expect(cleaned("meta", { "http-equiv": "refresh", content: "0;url=x" }).tagName).toBe("noscript");
  expect(cleaned("form", { action: "https://x.test" })).toEqual({ tagName: "form" });
  expect(
    cleaned("img", { src: "https://x.test/i.png", OnError: "x", referrerpolicy: "u" }),
  ).toEqual({ tagName: "img", src: "https://x.test/i.png" });
  expect(cleaned("use", { href: " java\nscript:x" })).toEqual({ tagName: "use" });
  expect(cleaned("animate", { attributeName: "href", to: "javascript:x" })).toEqual({
    tagName: "animate",
  });
  expect(cleaned("link", { rel: "preload", href: "https://x.test" })).not.toHaveProperty("rel");
  expect(cleaned("link", { rel: "stylesheet", href: "https://x.test/a.css" })).toMatchObject({
    rel: "stylesheet",
  });
  expect(cleaned("video", { rr_mediaMuted: false, rr_mediaState: "played" })).toMatchObject({
    rr_mediaMuted: true,
  });
  expect(cleaned("b<script>", {}).tagName).toBe("div");
});

test("changes are cleansed by what they change", () => {
  const change = {
    source: 0,
    adds: [{ parentId: 4, node: { type: 2, tagName: "iframe", attributes: {}, id: 9 } }],
    attributes: [
      { id: 9, attributes: { srcdoc: "x", src: "x", title: "t" } },
      { id: 8, attributes: { href: "javascript:x", class: null } },
      { id: 7, attributes: { href: "https://x.test" } },
    ],
  };
  cleanseChange(change, (id) => (id === 8 ? "a" : undefined));
  expect(change.attributes.map(({ attributes }) => attributes)).toEqual([
    { title: "t" },
    { href: "#", class: null },
    {},
  ]);
});

test("an addition does not change what an element that is there already may be given", () => {
  const change = {
    source: 0,
    // The mirror may keep its element 9, or have the new one.
    adds: [{ parentId: 4, node: { type: 2, tagName: "div", attributes: {}, id: 9 } }],
    attributes: [{ id: 9, attributes: { src: "https://x.test", href: "https://x.test" } }],
  };
  const again = structuredClone(change);
  cleanseChange(change, () => "iframe");
  expect(change.attributes[0]?.attributes).toEqual({ href: "https://x.test" });
  cleanseChange(again, () => "svg:a");
  expect(again.attributes[0]?.attributes).toEqual({ src: "https://x.test", href: "#" });
});

test("a prefix hides no element, and a list no script", () => {
  expect(cleaned("svg:a", { href: "https://x.test" })).toMatchObject({ href: "#" });
  expect(cleaned("svg:animate", { attributeName: "href" })).toEqual({ tagName: "svg:animate" });
  expect(cleaned("use", { href: ["javascript:x"], width: 9, hidden: true })).toEqual({
    tagName: "use",
    width: 9,
    hidden: true,
  });
  const style = { color: "red" };
  expect(cleaned("p", { style, title: {}, lang: [] })).toEqual({ tagName: "p", style });
});

test("events that would break the mirror, or need scripts, are dropped", () => {
  const events = [
    null,
    7,
    { type: 2, data: {} },
    { type: 3 },
    { type: 3, data: { source: 1, positions: [] } },
    { type: 3, data: { source: 1, positions: [null] } },
    { type: 3, data: { source: 9, id: 1 } },
    { type: 5, data: { tag: "x" } },
    { type: 6, data: { plugin: "x" } },
  ];
  expect(cleanse(events)).toEqual([]);
  expect(cleanse("text")).toEqual([]);
});

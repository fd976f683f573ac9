/** What the sample client does where no well-behaved server can make the browser test show it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DriscClient, ENDPOINT_KEY, SEND_DELAY_MS, type Status } from "./vendor/drisc.ts";

const REQUEST = {
  server: "http://node.test",
  customer: "anna & co",
  sessionName: "Phone",
  offerId: "S1",
};
const ENDPOINT = "ws://node.test/ws?token=t";

/** Stands in for the browser's socket: the test plays the server. */
class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readonly readyState = FakeSocket.OPEN;
  readonly url: string;
  readonly sent: string[] = [];

  constructor(url: string) {
    super();
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  hear(message: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }
}

let statuses: Status[];
let stored: Map<string, string>;
let posts: { url: string; init: RequestInit }[];

beforeEach(() => {
  statuses = [];
  posts = [];
  stored = new Map();
  FakeSocket.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A client whose server answers every POST like this. */
function clientOf(status: number, answer: object): DriscClient {
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    if (init === undefined) return Response.json({ token: "jwt" });
    posts.push({ url, init });
    return Response.json(answer, { status });
  });
  return new DriscClient({ statusChanged: (it) => statuses.push(it), exchanged: () => {} });
}

function socket(): FakeSocket {
  const newest = FakeSocket.all.at(-1);
  if (!newest) throw new Error("no socket was opened");
  return newest;
}

/** Plays up to the server's OK. */
async function playing(): Promise<DriscClient> {
  const client = clientOf(200, { endpoint: ENDPOINT });
  await client.play(REQUEST);
  socket().dispatchEvent(new Event("open"));
  vi.advanceTimersByTime(SEND_DELAY_MS);
  socket().hear({ action: "OK" });
  return client;
}

test("the body is JSON without a content type, beside a bearer token", async () => {
  await clientOf(200, { endpoint: ENDPOINT }).play(REQUEST);
  expect(posts).toEqual([
    {
      url: "http://node.test/sessions",
      init: {
        method: "POST",
        headers: { Authorization: "Bearer jwt" },
        body: '{"sessionName":"Phone","offerId":"S1"}',
      },
    },
  ]);
  expect(socket().url).toBe(ENDPOINT);
});

test("every socket message leaves one second late", async () => {
  await clientOf(200, { endpoint: ENDPOINT }).play(REQUEST);
  socket().dispatchEvent(new Event("open"));
  vi.advanceTimersByTime(SEND_DELAY_MS - 1);
  expect(socket().sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(socket().sent).toEqual(['{"action":"REQUESTED"}']);
  socket().hear({ action: "PING" });
  vi.advanceTimersByTime(SEND_DELAY_MS - 1);
  expect(socket().sent).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(socket().sent[1]).toBe('{"action":"PONG"}');
});

test("disabled tracking plays without a socket", async () => {
  await clientOf(200, { status: "disabled", enabled: false }).play(REQUEST);
  expect(statuses.at(-1)).toEqual({ state: "playing", tracked: false });
  expect(FakeSocket.all).toEqual([]);
});

test("only 200 is success", async () => {
  await clientOf(201, { endpoint: ENDPOINT, details: {} }).play(REQUEST);
  expect(statuses.at(-1)?.state).toBe("error");
  expect(FakeSocket.all).toEqual([]);
});

test("the limit answer lists the sessions", async () => {
  const activeSessions = [{ sessionId: "1", name: "TV" }];
  await clientOf(409, { details: { takeOverEnabled: true, activeSessions } }).play(REQUEST);
  expect(statuses.at(-1)).toEqual({
    state: "limited",
    sessions: activeSessions,
    takeOverEnabled: true,
  });
});

test("a refusal without details is a system error", async () => {
  await clientOf(503, { title: "Away" }).play(REQUEST);
  expect(statuses.at(-1)).toEqual({
    state: "error",
    reason: expect.stringContaining("undefined"),
  });
});

test("a refusal with empty details shows what the server says", async () => {
  await clientOf(404, { title: "Gone", details: {} }).play(REQUEST);
  expect(statuses.at(-1)).toEqual({ state: "error", reason: "Gone" });
});

test("an unknown action is a system error", async () => {
  await playing();
  socket().hear({ action: "WELCOME" });
  expect(statuses.at(-1)).toEqual({ state: "error", reason: "Unknown action “WELCOME”." });
});

test("a lost socket is not reopened and the film goes on", async () => {
  await playing();
  socket().dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
  vi.runAllTimers();
  expect(FakeSocket.all).toHaveLength(1);
  expect(statuses.at(-1)).toEqual({ state: "playing", tracked: true });
  expect(stored.get(ENDPOINT_KEY)).toBe(ENDPOINT);
});

test("a stopped session forgets its endpoint and says FINISHED", async () => {
  const client = await playing();
  client.stop();
  vi.advanceTimersByTime(SEND_DELAY_MS);
  expect(socket().sent.at(-1)).toBe('{"action":"FINISHED"}');
  expect(stored.size).toBe(0);
});

/** The DRISC side of the player package, on fake timers: the test is the server. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type DriscOptions, drisc, type PlayerSession, type State } from "../src/player/index.ts";
import { FakeServer, fakeStorage, problem } from "./fake-server.ts";
import { FakeSocket } from "./fake-socket.ts";

const ENDPOINT = "wss://baton.test/sessions/socket?token=secret";
const ADMITTED = { endpoint: ENDPOINT, sessionId: "s-1", expiresAt: 1 };
const KEY = "baton-player.drisc";
const TV = { sessionId: "tv-1", name: "TV", createdAt: 1000, connected: true };

let server: FakeServer;
let storage: ReturnType<typeof fakeStorage>;
let heard: string[];
let tokens: number;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  vi.stubGlobal("WebSocket", FakeSocket);
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("dispatchEvent", page.dispatchEvent.bind(page));
  FakeSocket.all = [];
  server = new FakeServer();
  storage = fakeStorage();
  heard = [];
  tokens = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function session(options: Partial<DriscOptions> = {}): PlayerSession {
  const made = drisc({
    server: "https://baton.test/",
    token: () => {
      tokens += 1;
      return `jwt-${tokens}`;
    },
    sessionName: "Phone",
    offerId: "S1",
    storage,
    ...options,
  });
  for (const name of [
    "playing",
    "untracked",
    "limited",
    "takenOver",
    "terminated",
    "stopped",
    "error",
    "expired",
    "reconnecting",
    "reconnected",
  ] as const) {
    made.on(name, () => heard.push(name));
  }
  return made;
}

/** Lets promises go on, and no time pass. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** A session up to the server's OK. */
async function playing(options: Partial<DriscOptions> = {}): Promise<PlayerSession> {
  server.replies(({ method }) =>
    method === "DELETE" ? new Response(null, { status: 204 }) : Response.json(ADMITTED),
  );
  const made = session(options);
  const started = made.start();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.hear({ action: "OK" });
  expect(await started).toEqual({ status: "playing", sessionId: "s-1", connected: true });
  return made;
}

/** The state a start comes to when every POST is answered so. */
async function startedWith(reply: () => Response, options: Partial<DriscOptions> = {}) {
  server.replies(reply);
  const made = session(options);
  let state: State | undefined;
  void made.start().then((it) => {
    state = it;
  });
  await settle();
  return { made, state: () => state };
}

describe("asking", () => {
  test("one POST with a bearer token, a JSON body and an idempotency key", async () => {
    await playing({ deviceId: "d-1" });
    expect(server.asked).toEqual([
      {
        method: "POST",
        path: "/sessions",
        headers: {
          Authorization: "Bearer jwt-1",
          "Content-Type": "application/json",
          "Idempotency-Key": expect.stringMatching(
            /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
          ),
        },
        body: { sessionName: "Phone", offerId: "S1", deviceId: "d-1" },
        keepalive: false,
      },
    ]);
  });

  test("REQUESTED leaves as soon as the socket is open, and OK means play", async () => {
    const made = await playing();
    expect(FakeSocket.last.url).toBe(ENDPOINT);
    expect(FakeSocket.last.sent).toEqual(['{"action":"REQUESTED"}']);
    expect(made.mayPlay).toBe(true);
    expect(heard).toEqual(["playing"]);
  });

  test("nothing plays before OK", async () => {
    server.replies(() => Response.json(ADMITTED));
    const made = session();
    void made.start();
    await settle();
    FakeSocket.last.open();
    expect(made.state).toEqual({ status: "requesting", renewing: false });
    expect(made.mayPlay).toBe(false);
  });

  test("start again while it is under way asks once", async () => {
    const made = await playing();
    expect(await made.start()).toBe(made.state);
    expect(server.asked).toHaveLength(1);
  });

  test("a network error is retried with the same key and a fresh token", async () => {
    server.replies(() => (server.asked.length < 3 ? "down" : Response.json(ADMITTED)));
    const made = session();
    void made.start();
    await vi.advanceTimersByTimeAsync(500 + 1000);
    expect(server.asked).toHaveLength(3);
    expect(new Set(server.asked.map(({ headers }) => headers["Idempotency-Key"])).size).toBe(1);
    expect(server.asked.map(({ headers }) => headers.Authorization)).toEqual([
      "Bearer jwt-1",
      "Bearer jwt-2",
      "Bearer jwt-3",
    ]);
    expect(FakeSocket.all).toHaveLength(1);
  });

  test("another start has another key", async () => {
    const limit = () =>
      problem(409, "LimitExceeded", { details: { takeOverEnabled: true, activeSessions: [] } });
    const { made } = await startedWith(limit);
    await made.start();
    const keys = server.asked.map(({ headers }) => headers["Idempotency-Key"]);
    expect(new Set(keys).size).toBe(2);
  });

  test("a network that comes back ends the wait", async () => {
    server.replies(() => "down");
    void session().start();
    await settle();
    expect(server.asked).toHaveLength(1);
    dispatchEvent(new Event("online"));
    await settle();
    expect(server.asked).toHaveLength(2);
  });

  test("Retry-After is waited for", async () => {
    const busy = () =>
      Response.json({ code: "StoreUnavailable" }, { status: 503, headers: { "Retry-After": "2" } });
    await startedWith(busy);
    await vi.advanceTimersByTimeAsync(1999);
    expect(server.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.asked).toHaveLength(2);
  });
});

describe("answers", () => {
  test("disabled tracking plays without a socket", async () => {
    const body = { status: "disabled", message: "Session tracking disabled.", enabled: false };
    const { made, state } = await startedWith(() => Response.json(body));
    expect(state()).toEqual({ status: "untracked", reason: "disabled" });
    expect(made.mayPlay).toBe(true);
    expect(FakeSocket.all).toEqual([]);
  });

  test("the limit lists what runs", async () => {
    const details = { takeOverEnabled: true, activeSessions: [TV, { name: "no id" }] };
    const { made, state } = await startedWith(() => problem(409, "LimitExceeded", { details }));
    expect(state()).toEqual({
      status: "limited",
      sessions: [{ ...TV, isOwn: false }],
      takeOverEnabled: true,
    });
    expect(made.mayPlay).toBe(false);
    expect(heard).toEqual(["limited"]);
  });

  test("a refusal fails with the server's code, and is not repeated", async () => {
    const { state } = await startedWith(() => problem(401, "InvalidToken", { detail: "Expired." }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state()).toMatchObject({
      status: "failed",
      error: { code: "InvalidToken", status: 401, message: "Expired." },
    });
    expect(server.asked).toHaveLength(1);
    expect(heard).toEqual(["error"]);
  });

  test("200 without an endpoint is no answer of this protocol", async () => {
    const { state } = await startedWith(() => Response.json({ ok: true }));
    expect(state()).toMatchObject({ status: "failed", error: { code: "Protocol" } });
  });

  test("a token function that fails is told as such", async () => {
    const token = () => Promise.reject(new Error("logged out"));
    const { state } = await startedWith(() => Response.json(ADMITTED), { token });
    await vi.advanceTimersByTimeAsync(8000);
    expect(state()).toMatchObject({ status: "failed", error: { code: "TokenFailed" } });
    expect(server.asked).toEqual([]);
  });
});

describe("while Baton does not answer", () => {
  test("players play by default, and are counted once it answers", async () => {
    const { made, state } = await startedWith(() => new Response("bad gateway", { status: 502 }));
    await vi.advanceTimersByTimeAsync(7999);
    expect(state()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(state()).toMatchObject({ status: "untracked", reason: "unavailable" });
    expect(made.mayPlay).toBe(true);

    server.replies(() => Response.json(ADMITTED));
    await vi.advanceTimersByTimeAsync(30_000);
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect(made.state).toEqual({ status: "playing", sessionId: "s-1", connected: true });
  });

  test("the limit counts when the answer comes late", async () => {
    const { made } = await startedWith(() => new Response("", { status: 502 }));
    await vi.advanceTimersByTimeAsync(8000);
    const details = { takeOverEnabled: false, activeSessions: [TV] };
    server.replies(() => problem(409, "LimitExceeded", { details }));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(made.state.status).toBe("limited");
    expect(made.mayPlay).toBe(false);
  });

  test("a site may choose that they do not", async () => {
    const options = { onUnavailable: "stop", patienceMs: 3000 } as const;
    const { state } = await startedWith(() => new Response("", { status: 502 }), options);
    await vi.advanceTimersByTimeAsync(3000);
    expect(state()).toMatchObject({ status: "failed", error: { code: "Unreachable" } });
    const asked = server.asked.length;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.asked).toHaveLength(asked);
  });

  test("an operator who refuses while the store is away is obeyed", async () => {
    const { made, state } = await startedWith(() => problem(503, "StoreUnavailable"));
    await vi.advanceTimersByTimeAsync(8000);
    expect(state()).toMatchObject({ status: "failed", error: { code: "StoreUnavailable" } });
    expect(made.mayPlay).toBe(false);
  });

  test("what was refused before a session was given does not count any more", async () => {
    const { state } = await startedWith(() =>
      server.asked.length === 1 ? problem(503, "StoreUnavailable") : Response.json(ADMITTED),
    );
    await vi.advanceTimersByTimeAsync(8000);
    expect(state()).toMatchObject({ status: "untracked", error: { code: "Unreachable" } });
  });

  test("a request that hangs is given up and repeated", async () => {
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
      server.asked.push({
        method: "POST",
        path: "",
        headers: {},
        body: undefined,
        keepalive: false,
      });
      return new Promise((_, reject) => {
        init.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    });
    void session().start();
    await vi.advanceTimersByTimeAsync(10_500);
    expect(server.asked).toHaveLength(2);
  });

  test("a socket that cannot be opened does not keep the film from starting", async () => {
    const { made, state } = await startedWith(() => Response.json(ADMITTED));
    for (let tries = 0; tries < 4; tries += 1) {
      FakeSocket.last.end(1006);
      await vi.advanceTimersByTimeAsync(500 * 2 ** tries);
    }
    await vi.advanceTimersByTimeAsync(8000);
    expect(state()).toMatchObject({ status: "untracked", reason: "unavailable" });
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect(made.state.status).toBe("playing");
  });
});

describe("the socket", () => {
  test("PING is answered at once", async () => {
    await playing();
    FakeSocket.last.hear({ action: "PING" });
    expect(FakeSocket.last.sent.at(-1)).toBe('{"action":"PONG"}');
  });

  test.each([1001, 1006, 1011, 4500, 4501])(
    "after %i it comes back to the endpoint",
    async (code) => {
      const made = await playing();
      FakeSocket.last.end(code);
      expect(made.state).toEqual({ status: "playing", sessionId: "s-1", connected: false });
      expect(made.mayPlay).toBe(true);
      await vi.advanceTimersByTimeAsync(499);
      expect(FakeSocket.all).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(FakeSocket.all).toHaveLength(2);
      expect(FakeSocket.last.url).toBe(ENDPOINT);
      FakeSocket.last.open();
      FakeSocket.last.hear({ action: "OK" });
      expect(made.state).toEqual({ status: "playing", sessionId: "s-1", connected: true });
      expect(heard).toEqual(["playing", "reconnecting", "reconnected"]);
      expect(server.by("POST")).toHaveLength(1);
    },
  );

  test.each([
    [4001, { status: "takenOver", by: "" }],
    [4002, { status: "terminated", reason: "replaced" }],
    [4003, { status: "terminated", reason: "ended" }],
    [4006, { status: "failed" }],
    [4008, { status: "failed" }],
    [4444, { status: "failed" }],
    [1003, { status: "failed" }],
  ])("after %i it does not", async (code, state) => {
    const made = await playing();
    FakeSocket.last.end(code);
    expect(made.state).toMatchObject(state);
    expect(made.mayPlay).toBe(false);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(server.asked).toHaveLength(1);
    expect(storage.all.size).toBe(0);
  });

  test("the waits double, up to half a minute", async () => {
    const made = await playing();
    const delays: number[] = [];
    made.on("reconnecting", ({ delayMs }) => delays.push(delayMs));
    for (let tries = 0; tries < 9; tries += 1) {
      FakeSocket.last.end(1006);
      await vi.advanceTimersByTimeAsync(30_000);
    }
    expect(delays.slice(0, 9)).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  test("a network that comes back reconnects at once", async () => {
    await playing();
    FakeSocket.last.end(1006);
    await settle();
    dispatchEvent(new Event("online"));
    await settle();
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("a connection that died unseen is found out after a change of networks", async () => {
    await playing();
    const dead = FakeSocket.last;
    dispatchEvent(new Event("online"));
    expect(dead.sent).toEqual(['{"action":"REQUESTED"}', '{"action":"REQUESTED"}']);
    await vi.advanceTimersByTimeAsync(5000 + 500);
    expect(dead.closedByClient).toBe(true);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("a living connection stays after a change of networks", async () => {
    await playing();
    dispatchEvent(new Event("online"));
    FakeSocket.last.hear({ action: "OK" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(heard).toEqual(["playing"]);
  });

  test("a socket that does not open is given up", async () => {
    await startedWith(() => Response.json(ADMITTED));
    await vi.advanceTimersByTimeAsync(10_000 + 500);
    expect(FakeSocket.all[0]?.closedByClient).toBe(true);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("under “stop”, a connection lost for long ends the stream", async () => {
    const made = await playing({ onUnavailable: "stop" });
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(made.mayPlay).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(made.state).toMatchObject({ status: "failed" });
    const sockets = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(sockets);
  });

  test("an endpoint of a node that knows it no more is given up for a new session", async () => {
    const made = await playing();
    server.replies(({ method }) =>
      method === "GET" ? problem(401, "InvalidToken") : Response.json(ADMITTED),
    );
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.last.end(1006);
    await settle();
    expect(heard).toContain("expired");
    expect(server.by("POST")).toHaveLength(2);
    expect(made.mayPlay).toBe(true);
  });

  test.each(["WELCOME", "not JSON"])("%s is not part of the protocol", async (message) => {
    const made = await playing();
    FakeSocket.last.hear(message === "WELCOME" ? { action: message } : message);
    expect(made.state).toMatchObject({ status: "failed", error: { code: "Protocol" } });
  });
});

describe("how it ends", () => {
  test("TAKE_OVER names who plays now", async () => {
    const made = await playing();
    FakeSocket.last.hear({ action: "TAKE_OVER", sessionName: "Hotel laptop" });
    FakeSocket.last.end(4001);
    expect(made.state).toEqual({ status: "takenOver", by: "Hotel laptop" });
    expect(heard).toEqual(["playing", "takenOver"]);
  });

  test.each([
    [4002, "replaced"],
    [4003, "ended"],
  ])("TERMINATE is explained by close code %i", async (code, reason) => {
    const made = await playing();
    FakeSocket.last.hear({ action: "TERMINATE" });
    FakeSocket.last.end(code);
    expect(made.state).toEqual({ status: "terminated", reason });
  });

  test("TERMINATE without a close ends it, too", async () => {
    const made = await playing();
    FakeSocket.last.hear({ action: "TERMINATE" });
    await vi.advanceTimersByTimeAsync(2000);
    expect(made.state).toEqual({ status: "terminated", reason: "unknown" });
  });

  test("after EXPIRED a new session is asked for while the film goes on", async () => {
    const made = await playing();
    FakeSocket.last.hear({ action: "EXPIRED" });
    FakeSocket.last.end(4004);
    expect(made.state).toEqual({ status: "requesting", renewing: true });
    expect(made.mayPlay).toBe(true);
    await settle();
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect(made.state.status).toBe("playing");
    expect(heard).toEqual(["playing", "expired", "playing"]);
  });

  test("sessions that expire at once are given up", async () => {
    const made = await playing();
    for (let times = 0; times < 4; times += 1) {
      FakeSocket.last.hear({ action: "EXPIRED" });
      await settle();
    }
    expect(made.state).toMatchObject({ status: "failed", error: { code: "Expiring" } });
    expect(server.by("POST")).toHaveLength(4);
  });

  test("sessions that last may expire any number of times", async () => {
    const made = await playing();
    for (let times = 0; times < 6; times += 1) {
      await vi.advanceTimersByTimeAsync(60_000);
      FakeSocket.last.hear({ action: "EXPIRED" });
      await settle();
      FakeSocket.last.open();
      FakeSocket.last.hear({ action: "OK" });
    }
    expect(made.state.status).toBe("playing");
  });

  test("stop says FINISHED and waits for the server's close", async () => {
    const made = await playing();
    const stopped = made.stop();
    expect(made.state).toEqual({ status: "stopped" });
    expect(FakeSocket.last.sent.at(-1)).toBe('{"action":"FINISHED"}');
    FakeSocket.last.end(4000);
    await stopped;
    expect(storage.all.size).toBe(0);
    expect(server.by("DELETE")).toEqual([]);
  });

  test("stop on a lost connection ends the session by HTTP", async () => {
    const made = await playing();
    FakeSocket.last.end(1006);
    await made.stop();
    expect(server.by("DELETE")).toMatchObject([{ path: "/sessions/s-1", keepalive: true }]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  test("FINISHED that nobody confirms is said again by HTTP", async () => {
    const made = await playing();
    void made.stop();
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.by("DELETE")).toHaveLength(1);
  });

  test("stop while it is asked gives the slot back", async () => {
    let answer: (response: Response) => void = () => {};
    server.replies(({ method }) =>
      method === "POST"
        ? new Promise<Response>((resolve) => {
            answer = resolve;
          })
        : new Response(null, { status: 204 }),
    );
    const made = session();
    const started = made.start();
    await settle();
    await made.stop();
    expect(await started).toEqual({ status: "stopped" });
    answer(Response.json(ADMITTED));
    await settle();
    expect(server.by("DELETE")).toMatchObject([{ path: "/sessions/s-1" }]);
    expect(FakeSocket.all).toEqual([]);
    expect(made.state).toEqual({ status: "stopped" });
  });
});

describe("reload", () => {
  test("the endpoint is kept, and resume goes back to it without asking", async () => {
    const before = await playing();
    before.dispose();
    const asked = server.asked.length;
    const made = session();
    const resumed = made.resume();
    await settle();
    expect(FakeSocket.all).toHaveLength(2);
    expect(FakeSocket.last.url).toBe(ENDPOINT);
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect(await resumed).toEqual({ status: "playing", sessionId: "s-1", connected: true });
    expect(server.asked).toHaveLength(asked);
  });

  test("a kept endpoint that is no address fails, and is forgotten", async () => {
    const refuses = class {
      constructor() {
        throw new SyntaxError("invalid url");
      }
    };
    vi.stubGlobal("WebSocket", refuses);
    storage.setItem(KEY, '{"endpoint":"nonsense"}');
    expect(await session().resume()).toMatchObject({
      status: "failed",
      error: { code: "Protocol" },
    });
    expect(storage.all.size).toBe(0);
  });

  test("nothing kept, nothing resumed", async () => {
    expect(await session().resume()).toBeUndefined();
    storage.setItem(KEY, "not JSON");
    expect(await session().resume()).toBeUndefined();
    expect(await session({ storage: null }).resume()).toBeUndefined();
  });

  test("with storage null nothing is kept", async () => {
    await playing({ storage: null });
    expect(storage.all.size).toBe(0);
  });

  test("a storage that throws is done without", async () => {
    const throws = () => {
      throw new Error("blocked");
    };
    const made = await playing({
      storage: { getItem: throws, setItem: throws, removeItem: throws },
    });
    expect(made.state.status).toBe("playing");
  });

  test("players of one tab are told apart by their keys", async () => {
    await playing({ storageKey: "left" });
    expect([...storage.all.keys()]).toEqual(["left"]);
  });
});

describe("other sessions", () => {
  test("takeOver posts the session it replaces", async () => {
    const details = { takeOverEnabled: true, activeSessions: [TV] };
    const { made } = await startedWith(() => problem(409, "LimitExceeded", { details }));
    server.replies(() => Response.json(ADMITTED));
    const took = made.takeOver("tv-1");
    await settle();
    expect(server.asked.at(-1)).toMatchObject({
      path: "/takeover",
      body: { sessionName: "Phone", offerId: "S1", sessionId: "tv-1" },
    });
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect((await took).status).toBe("playing");
  });

  test("a session that ended before it was taken over is a refusal", async () => {
    const { made } = await startedWith(() => problem(404, "NoSuchSession"));
    expect(await made.takeOver("x")).toMatchObject({
      status: "failed",
      error: { code: "NoSuchSession" },
    });
  });

  test("sessions() marks its own", async () => {
    const made = await playing();
    server.replies(() => Response.json({ activeSessions: [TV, { sessionId: "s-1", name: "Me" }] }));
    expect((await made.sessions()).map(({ name, isOwn }) => [name, isOwn])).toEqual([
      ["TV", false],
      ["Me", true],
    ]);
  });

  test("what lists and ends others rejects with Baton's code", async () => {
    const made = session();
    server.replies(() => problem(404, "NoSuchSession"));
    await expect(made.end("a/b")).rejects.toMatchObject({ code: "NoSuchSession", status: 404 });
    expect(server.asked.at(-1)?.path).toBe("/sessions/a%2Fb");
    server.replies(() => "down");
    await expect(made.sessions()).rejects.toMatchObject({ code: "Unreachable" });
  });
});

describe("listeners", () => {
  test.each(["change", "expired"] as const)("who stops on %s is not overridden", async (name) => {
    const made = await playing();
    made.on(name, () => {
      if (made.state.status === "requesting") void made.stop();
    });
    FakeSocket.last.hear({ action: "EXPIRED" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.state).toEqual({ status: "stopped" });
    expect(FakeSocket.all).toHaveLength(1);
  });

  test("who stops because of an error is not overridden", async () => {
    server.replies(() => "down");
    const made = session();
    made.on("error", () => void made.stop());
    void made.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.state).toEqual({ status: "stopped" });
  });

  test("a listener that throws harms nobody else, and is reported", async () => {
    const made = session();
    made.on("change", ({ status }) => {
      if (status === "failed") throw new Error("of the page");
    });
    server.replies(() => problem(401, "InvalidToken"));
    expect((await made.start()).status).toBe("failed");
    expect(heard).toEqual(["error"]);
    expect(() => vi.advanceTimersByTime(0)).toThrow("of the page");
  });

  test("no token is in what is told of the conversation", async () => {
    const lines: string[] = [];
    const made = session();
    made.on("wire", ({ direction, text }) => lines.push(`${direction} ${text}`));
    server.replies(() => Response.json(ADMITTED));
    void made.start();
    await settle();
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    FakeSocket.last.end(1006);
    expect(lines).toEqual([
      "sent POST /sessions",
      "received HTTP 200",
      'sent {"action":"REQUESTED"}',
      'received {"action":"OK"}',
      "received socket closed (1006)",
    ]);
    expect(lines.join()).not.toContain("secret");
  });

  test("on() gives the way to stop listening", async () => {
    const made = session();
    const states: string[] = [];
    const off = made.on("change", ({ status }) => states.push(status));
    server.replies(() => problem(401, "InvalidToken"));
    await made.start();
    off();
    await made.start();
    expect(states).toEqual(["requesting", "failed"]);
  });

  test("a listener that asks for something else is heard before others go on", async () => {
    const details = { takeOverEnabled: true, activeSessions: [TV] };
    const made = session();
    server.replies(({ path }) =>
      path === "/takeover" ? Response.json(ADMITTED) : problem(409, "x", { details }),
    );
    made.on("limited", ({ sessions: [first] }) => void made.takeOver(first?.sessionId ?? ""));
    const started = made.start();
    await settle();
    FakeSocket.last.open();
    FakeSocket.last.hear({ action: "OK" });
    expect((await started).status).toBe("playing");
  });
});

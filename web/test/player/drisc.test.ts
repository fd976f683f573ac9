/** The DRISC side of the player package: asking, and what is answered. */
import { describe, expect, test, vi } from "vitest";
import {
  ADMITTED,
  ENDPOINT,
  heard,
  playing,
  server,
  session,
  settle,
  startedWith,
  TV,
} from "./drisc-bench.ts";
import { problem } from "./fake-server.ts";
import { FakeSocket } from "./fake-socket.ts";

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

  test.each([
    ["play", "untracked"],
    ["stop", "failed"],
  ] as const)("under “%s”, a token function that fails is told as such", async (policy, status) => {
    const token = () => Promise.reject(new Error("logged out"));
    const options = { token, onUnavailable: policy };
    const { state } = await startedWith(() => Response.json(ADMITTED), options);
    await vi.advanceTimersByTimeAsync(8000);
    expect(state()).toMatchObject({ status, error: { code: "TokenFailed" } });
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

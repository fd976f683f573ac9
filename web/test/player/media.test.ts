/** The Media Play Sessions side of the player package, on fake timers: the test is the server. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type MediaPlaySessionsOptions,
  mediaPlaySessions,
  type PlayerSession,
} from "../../src/player/index.ts";
import { type Asked, FakeServer, fakeStorage, problem, type Reply } from "./fake-server.ts";
import { hears } from "./hearing.ts";

const KEY = "baton-player.media";
const LIST = "/users/anna%20b/media_play_sessions";
const EVERY_MS = 40_000;

let server: FakeServer;
let storage: ReturnType<typeof fakeStorage>;
let heard: string[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("document", new EventTarget());
  server = new FakeServer();
  storage = fakeStorage();
  heard = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function session(options: Partial<MediaPlaySessionsOptions> = {}): PlayerSession {
  const made = mediaPlaySessions({
    server: "https://baton.test",
    token: () => "jwt",
    userId: "anna b",
    deviceType: "stb",
    service: "News",
    storage,
    ...options,
  });
  hears(made, heard);
  return made;
}

function entity(id: string, deviceType = "stb", service: string | null = "News"): object {
  const attributes = { service, device_type: deviceType, play_started_timestamp: 5 };
  return { type: "MediaPlaySession", id, attributes };
}

/** An answer as the server gives it to PUT and PATCH. */
function live(status = 200): Response {
  const meta = { expires_in_seconds: 120, heartbeat_seconds: EVERY_MS / 1000 };
  return Response.json({ data: entity("x"), meta }, { status });
}

/** Answers by method; what is not named is 204. */
function answers(by: Partial<Record<string, (asked: Asked) => Reply>>): void {
  server.replies((asked) => by[asked.method]?.(asked) ?? new Response(null, { status: 204 }));
}

/** Not for ever: a test ends, too, where a player does not. */
const atMost = (reply: Response): Reply => (server.asked.length < 50 ? reply : "down");

/** An answer of nobody who knows of sessions. */
const balancers = (status: number): Reply => atMost(new Response("", { status }));

const settle = () => vi.advanceTimersByTimeAsync(0);

async function playing(options: Partial<MediaPlaySessionsOptions> = {}): Promise<PlayerSession> {
  answers({ PUT: () => live(201), PATCH: () => live() });
  const made = session(options);
  expect(await made.start()).toMatchObject({ status: "playing", connected: true });
  return made;
}

/** The id that the client chose. */
function idOf(made: PlayerSession): string {
  if (made.state.status !== "playing") throw new Error("it does not play");
  return made.state.sessionId;
}

describe("asking", () => {
  test("PUT with an id of its own, as JSON:API", async () => {
    const made = await playing();
    expect(idOf(made)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    expect(server.asked).toEqual([
      {
        method: "PUT",
        path: `${LIST}/${idOf(made)}`,
        headers: { Authorization: "Bearer jwt", "Content-Type": "application/vnd.api+json" },
        body: {
          data: { type: "MediaPlaySession", attributes: { device_type: "stb", service: "News" } },
        },
        keepalive: false,
      },
    ]);
    expect(heard).toEqual(["playing"]);
  });

  test("start again while it is under way asks once", async () => {
    const made = await playing();
    await made.start();
    expect(server.asked).toHaveLength(1);
  });

  test("the limit is the answer on which nothing plays; the list is of this type of device", async () => {
    answers({
      PUT: () => problem(403, "df1e80a", { id: 7, details: "Too many." }),
      GET: () =>
        Response.json({ data: [entity("a"), entity("b", "web"), entity("c", "stb", null)] }),
    });
    const made = session();
    expect(await made.start()).toEqual({
      status: "limited",
      takeOverEnabled: true,
      sessions: [
        { sessionId: "a", name: "News", isOwn: false, createdAt: 5000, deviceType: "stb" },
        { sessionId: "c", name: "stb", isOwn: false, createdAt: 5000, deviceType: "stb" },
      ],
    });
    expect(made.mayPlay).toBe(false);
    expect(storage.all.size).toBe(0);
  });

  test("a limit whose list cannot be had is a limit", async () => {
    answers({ PUT: () => problem(403, "df1e80a"), GET: () => "down" });
    expect(await session().start()).toMatchObject({ status: "limited", sessions: [] });
  });

  test.each([
    ["another 403", () => problem(403, "NotAllowed")],
    ["a user that is not the token's", () => problem(404, "NotFound")],
    ["an invalid request", () => problem(400, "InvalidRequest")],
  ])("on %s it plays on and asks no more", async (_, reply) => {
    answers({ PUT: reply });
    const made = session();
    expect(await made.start()).toMatchObject({ status: "untracked", reason: "refused" });
    expect(made.mayPlay).toBe(true);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.asked).toHaveLength(1);
    expect(heard).toEqual(["untracked", "error"]);
  });

  test.each<[string, () => Reply]>([
    ["503", () => problem(503, "StoreUnavailable")],
    ["a gateway's 502", () => new Response("", { status: 502 })],
    ["no answer", () => "down"],
    ["401", () => problem(401, "InvalidToken")],
    ["a balancer's 404", () => new Response("", { status: 404 })],
    ["a balancer's 409", () => balancers(409)],
  ])("on %s it plays on and asks again until it is counted", async (_, reply) => {
    answers({ PUT: reply });
    const made = session();
    expect(await made.start()).toMatchObject({ status: "untracked", reason: "unavailable" });
    expect(made.mayPlay).toBe(true);
    answers({ PUT: () => live(201) });
    await vi.advanceTimersByTimeAsync(500);
    expect(made.state).toMatchObject({ status: "playing", connected: true });
    expect(new Set(server.by("PUT").map(({ path }) => path)).size).toBe(1);
  });

  test("when it is counted at last, the limit counts, too", async () => {
    answers({ PUT: () => "down" });
    const made = session();
    await made.start();
    answers({ PUT: () => problem(403, "df1e80a"), GET: () => Response.json({ data: [] }) });
    await vi.advanceTimersByTimeAsync(500);
    expect(made.mayPlay).toBe(false);
  });

  test("Retry-After is waited for", async () => {
    const headers = { "Retry-After": "7" };
    answers({ PUT: () => Response.json({ code: "StoreUnavailable" }, { status: 503, headers }) });
    await session().start();
    await vi.advanceTimersByTimeAsync(6999);
    expect(server.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.asked).toHaveLength(2);
  });

  test("a kept id that lives with another type of device is left to it", async () => {
    storage.setItem(KEY, '{"id":"kept"}');
    answers({ PATCH: () => problem(409, "OtherDeviceType"), PUT: () => live(201) });
    expect(await session().resume()).toMatchObject({ status: "playing" });
    expect(server.asked.map(({ method }) => method)).toEqual(["PATCH", "PUT"]);
    expect(server.asked[1]?.path).not.toBe(`${LIST}/kept`);
  });

  test("an id of its own is nobody else's, whatever is answered", async () => {
    const conflict = () => atMost(problem(409, "OtherDeviceType"));
    answers({ PUT: conflict, PATCH: conflict });
    storage.setItem(KEY, '{"id":"kept"}');
    expect(await session().resume()).toMatchObject({ status: "untracked", reason: "refused" });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.asked.map(({ method }) => method)).toEqual(["PATCH", "PUT"]);
  });

  test("a conflict of another kind is a refusal", async () => {
    answers({ PUT: () => atMost(problem(409, "Conflict")) });
    expect(await session().start()).toMatchObject({ status: "untracked", reason: "refused" });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.asked).toHaveLength(1);
  });
});

describe("heartbeats", () => {
  test("leave in the interval that the server tells", async () => {
    await playing();
    await vi.advanceTimersByTimeAsync(EVERY_MS - 1);
    expect(server.by("PATCH")).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.by("PATCH")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(EVERY_MS * 5);
    expect(server.by("PATCH")).toHaveLength(6);
    expect(heard).toEqual(["playing"]);
  });

  test("that get no answer are repeated, and the film goes on", async () => {
    const made = await playing();
    answers({ PATCH: () => problem(503, "StoreUnavailable") });
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(made.state).toMatchObject({ status: "playing", connected: false });
    answers({ PATCH: () => live() });
    await vi.advanceTimersByTimeAsync(500);
    expect(made.state).toMatchObject({ status: "playing", connected: true });
    expect(heard).toEqual(["playing", "reconnecting", "reconnected"]);
  });

  test("of a forgotten session create it again, with the same id", async () => {
    const made = await playing();
    const id = idOf(made);
    answers({ PATCH: () => problem(404, "NoSuchSession"), PUT: () => live(201) });
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(server.asked.slice(1).map(({ method, path }) => [method, path])).toEqual([
      ["PATCH", `${LIST}/${id}`],
      ["PUT", `${LIST}/${id}`],
    ]);
    expect(made.mayPlay).toBe(true);
    expect(heard).toEqual(["playing", "expired"]);
  });

  test.each([404, 409, 410])("that a balancer answers with %i end nothing", async (status) => {
    const made = await playing();
    answers({ PATCH: () => balancers(status), PUT: () => balancers(status) });
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(made.state).toMatchObject({ status: "playing", connected: false });
    answers({ PATCH: () => live() });
    await vi.advanceTimersByTimeAsync(500);
    expect(made.state).toMatchObject({ status: "playing", connected: true });
    expect(server.by("PUT")).toHaveLength(1);
  });

  test("of a forgotten session may find the limit reached", async () => {
    const made = await playing();
    answers({
      PATCH: () => problem(404, "NoSuchSession"),
      PUT: () => problem(403, "df1e80a"),
      GET: () => Response.json({ data: [entity("a")] }),
    });
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(made.state).toMatchObject({ status: "limited", sessions: [{ sessionId: "a" }] });
  });

  test.each([
    [
      { reason: "taken_over", takenOverBy: { sessionId: "n", name: "Tablet" } },
      { status: "takenOver", by: "Tablet" },
    ],
    [
      { reason: "replaced", takenOverBy: { sessionId: "n" } },
      { status: "terminated", reason: "replaced" },
    ],
    [
      { reason: "operator", note: "Maintenance" },
      { status: "terminated", reason: "ended", note: "Maintenance" },
    ],
    [
      { reason: "operator", note: null },
      { status: "terminated", reason: "ended" },
    ],
  ])("of a session that somebody ended say so: %j", async (more, state) => {
    const made = await playing();
    answers({ PATCH: () => problem(410, "SessionEnded", more) });
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(made.state).toEqual(state);
    expect(made.mayPlay).toBe(false);
    await vi.advanceTimersByTimeAsync(EVERY_MS * 9);
    expect(server.by("PATCH")).toHaveLength(1);
    expect(storage.all.size).toBe(0);
  });

  test("leave at once when a page is seen again after its timers stood still", async () => {
    await playing();
    // The clock goes on while a device sleeps; its timers do not.
    vi.setSystemTime(Date.now() + EVERY_MS);
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect(server.by("PATCH")).toHaveLength(1);
  });

  test("do not leave early only because a page is seen again", async () => {
    await playing();
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect(server.by("PATCH")).toEqual([]);
  });
});

describe("how it ends", () => {
  test("stop deletes the session, also while the page goes away", async () => {
    const made = await playing();
    const id = idOf(made);
    await made.stop();
    expect(server.by("DELETE")).toMatchObject([{ path: `${LIST}/${id}`, keepalive: true }]);
    await vi.advanceTimersByTimeAsync(EVERY_MS * 9);
    expect(server.by("PATCH")).toEqual([]);
    expect(made.state).toEqual({ status: "stopped" });
    expect(storage.all.size).toBe(0);
  });

  test("a farewell that is not heard is repeated, a few times", async () => {
    const made = await playing();
    answers({ DELETE: () => "down" });
    const stopped = made.stop();
    await vi.advanceTimersByTimeAsync(500 + 1000 + 2000 + 4000);
    await stopped;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.by("DELETE")).toHaveLength(4);
  });

  test("stop while it is asked deletes what is created afterwards", async () => {
    let answer: (response: Response) => void = () => {};
    answers({
      PUT: () =>
        new Promise<Response>((resolve) => {
          answer = resolve;
        }),
      DELETE: () => problem(404, "NoSuchSession"),
    });
    const made = session();
    const started = made.start();
    await settle();
    await made.stop();
    expect((await started).status).toBe("stopped");
    answers({});
    answer(live(201));
    await settle();
    expect(server.by("DELETE")).toHaveLength(2);
  });
});

describe("reload", () => {
  test("resume sends a heartbeat of the kept session", async () => {
    const before = await playing();
    const id = idOf(before);
    before.dispose();
    const made = session();
    expect(await made.resume()).toEqual({ status: "playing", sessionId: id, connected: true });
    expect(server.asked.at(-1)).toMatchObject({ method: "PATCH", path: `${LIST}/${id}` });
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(server.by("PATCH")).toHaveLength(2);
  });

  test("a kept session that expired meanwhile is created again", async () => {
    storage.setItem(KEY, '{"id":"kept"}');
    answers({ PATCH: () => problem(404, "NoSuchSession"), PUT: () => live(201) });
    expect(await session().resume()).toMatchObject({ status: "playing", sessionId: "kept" });
  });

  test("nothing kept, nothing resumed", async () => {
    expect(await session().resume()).toBeUndefined();
    expect(server.asked).toEqual([]);
  });
});

describe("other sessions", () => {
  /** A player that was told of the limit. */
  async function limited(): Promise<PlayerSession> {
    answers({
      PUT: () => problem(403, "df1e80a"),
      GET: () => Response.json({ data: [entity("a")] }),
    });
    const made = session();
    await made.start();
    return made;
  }

  test("takeOver ends the other session, then asks", async () => {
    const made = await limited();
    answers({ PUT: () => live(201) });
    expect((await made.takeOver("a")).status).toBe("playing");
    expect(server.asked.slice(-2).map(({ method, path }) => [method, path])).toEqual([
      ["DELETE", `${LIST}/a`],
      ["PUT", `${LIST}/${idOf(made)}`],
    ]);
  });

  test("takeOver of a session that is over already asks all the same", async () => {
    const made = await limited();
    answers({ DELETE: () => problem(404, "NoSuchSession"), PUT: () => live(201) });
    expect((await made.takeOver("a")).status).toBe("playing");
  });

  test("takeOver that cannot end the other session leaves the limit as it was", async () => {
    const made = await limited();
    answers({ DELETE: () => "down" });
    expect(await made.takeOver("a")).toMatchObject({
      status: "limited",
      sessions: [{ sessionId: "a" }],
    });
    expect(heard).toContain("error");
  });

  test("a balancer's 404 ends no other session", async () => {
    const made = await limited();
    answers({ DELETE: () => new Response("", { status: 404 }) });
    expect((await made.takeOver("a")).status).toBe("limited");
  });

  test("sessions() marks its own, end() rejects with Baton's code", async () => {
    const made = await playing();
    const id = idOf(made);
    answers({
      GET: () => Response.json({ data: [entity(id), entity("b", "web")] }),
      DELETE: () => problem(404, "NoSuchSession"),
    });
    expect((await made.sessions()).map(({ sessionId, isOwn }) => [sessionId, isOwn])).toEqual([
      [id, true],
      ["b", false],
    ]);
    await expect(made.end("b")).rejects.toMatchObject({ code: "NoSuchSession" });
  });
});

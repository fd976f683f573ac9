/** A DRISC player on fake timers, whose server is the test. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import {
  type DriscOptions,
  drisc,
  type PlayerSession,
  type State,
} from "../../src/player/index.ts";
import { FakeServer, fakeStorage } from "./fake-server.ts";
import { FakeSocket } from "./fake-socket.ts";
import { hears } from "./hearing.ts";

export const ENDPOINT = "wss://baton.test/sessions/socket?token=secret";
export const ADMITTED = { endpoint: ENDPOINT, sessionId: "s-1", expiresAt: 1 };
export const KEY = "baton-player.drisc";
export const TV = { sessionId: "tv-1", name: "TV", createdAt: 1000, connected: true };

// Made anew for each test.
export let server: FakeServer;
export let storage: ReturnType<typeof fakeStorage>;
export let heard: string[];
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

export function session(options: Partial<DriscOptions> = {}): PlayerSession {
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
  hears(made, heard);
  return made;
}

/** Lets promises go on, and no time pass. */
export const settle = () => vi.advanceTimersByTimeAsync(0);

/** A session up to the server's OK. */
export async function playing(options: Partial<DriscOptions> = {}): Promise<PlayerSession> {
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
export async function startedWith(reply: () => Response, options: Partial<DriscOptions> = {}) {
  server.replies(reply);
  const made = session(options);
  let state: State | undefined;
  void made.start().then((it) => {
    state = it;
  });
  await settle();
  return { made, state: () => state };
}

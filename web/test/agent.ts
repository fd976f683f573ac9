/** An agent without a viewer: the API calls, and the socket, that watch a visitor. */
import { createRequire } from "node:module";
import { expect } from "vitest";
import { decode, type Frame } from "../src/wire/frame.ts";
import type { FromViewer, ToViewer, ViewerSession, ViewerWelcome } from "../src/wire/messages.ts";
import { POLL } from "./overlay.ts";

/** The WebSocket client that wscat brings; Node 20 has none. */
interface Client {
  binaryType: string;
  send(data: string): void;
  close(): void;
  on(event: "open" | "close" | "error", listener: (value: number | Error) => void): void;
  on(event: "message", listener: (data: ArrayBuffer, isBinary: boolean) => void): void;
}
const require = createRequire(new URL("../node_modules/wscat/package.json", import.meta.url));
const WebSocket: new (url: string) => Client = require("ws");

export interface ListedVisitor {
  short_id: string;
  unique_id: string | null;
  identities: string[];
  tags: string[];
  is_online: boolean;
  is_in_session: boolean;
  last_url: string | null;
  browser_name: string | null;
  device_type: string | null;
  lookup_code: string | null;
}

/** The v1.1 API of a node. */
export class Desk {
  readonly #origin: string;
  readonly #key: string;

  private constructor(origin: string, key: string) {
    this.#origin = origin;
    this.#key = key;
  }

  static async of({ origin }: { origin: string }): Promise<Desk> {
    const response = await fetch(`${origin}/demo/api-key`);
    const { apiKey } = (await response.json()) as { apiKey: string };
    return new Desk(origin, apiKey);
  }

  async list(search: string): Promise<ListedVisitor[]> {
    const query = new URLSearchParams({ search });
    const answer = await this.#call(`/v1.1/list.json?${query}`);
    return (answer as { visitors: ListedVisitor[] }).visitors;
  }

  /** Waits until a visitor of that id is online. */
  async visitor(uniqueId: string): Promise<ListedVisitor> {
    let found: ListedVisitor | undefined;
    await expect
      .poll(async () => {
        found = (await this.list(uniqueId)).find((it) => it.is_online);
        return found !== undefined;
      }, POLL)
      .toBe(true);
    if (!found) throw new Error(`${uniqueId} is not online`);
    return found;
  }

  /** Opens a watch link of that visitor. */
  async watch(uniqueId: string, name = "Ann"): Promise<Agent> {
    const { short_id } = await this.visitor(uniqueId);
    const answer = await this.#call(`/v1.1/visitors/${short_id}/watch_url.json`, {
      method: "POST",
      body: JSON.stringify({ agent: { id: name, name } }),
    });
    const { watch_url } = answer as { watch_url: string };
    const token = new URL(watch_url).pathname.split("/").at(-1) ?? "";
    return Agent.open(this.#origin, token);
  }

  async #call(path: string, init?: RequestInit): Promise<unknown> {
    const headers = { "X-Api-Key": this.#key };
    const response = await fetch(this.#origin + path, { ...init, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}

export class Agent {
  readonly #socket: Client;
  readonly heard: ToViewer[] = [];
  readonly frames: Frame[] = [];
  closed: number | undefined;

  private constructor(socket: Client) {
    this.#socket = socket;
    socket.on("message", (data, isBinary) => {
      const frame = isBinary ? decode(data) : undefined;
      if (frame) this.frames.push(frame);
      else this.heard.push(JSON.parse(new TextDecoder().decode(data)));
    });
    socket.on("close", (code) => {
      this.closed = Number(code);
    });
  }

  /** By any token that opens a viewer's socket. */
  static async open(origin: string, token: string, basePath = "/cobrowse"): Promise<Agent> {
    const query = new URLSearchParams({ token });
    const socket = new WebSocket(
      `${origin.replace(/^http/, "ws")}${basePath}/socket/viewer?${query}`,
    );
    socket.binaryType = "arraybuffer";
    const agent = new Agent(socket);
    await new Promise<void>((resolve, reject) => {
      socket.on("open", () => resolve());
      socket.on("error", (error) => reject(error));
    });
    agent.say({ type: "hello", protocol: 1 });
    return agent;
  }

  say(message: FromViewer): void {
    this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#socket.close();
  }

  get session(): ViewerSession | undefined {
    return this.heard.filter((it) => it.type === "session").at(-1);
  }

  get welcome(): ViewerWelcome | undefined {
    return this.heard.filter((it) => it.type === "welcome").at(-1);
  }

  async reaches(status: ViewerSession["status"]): Promise<void> {
    await expect.poll(() => this.session?.status, POLL).toBe(status);
  }

  /** Redeems a short code, as an agent who was told it. */
  static async byCode(origin: string, code: string, basePath?: string): Promise<Agent> {
    const response = await fetch(`${origin}/assistserver/shortcode/agent?appkey=${code}`);
    const { cid } = (await response.json()) as { cid: string };
    return Agent.open(origin, cid, basePath);
  }

  /** A snapshot of an epoch above that one; its epoch. */
  async sees(above = 0): Promise<number> {
    const newest = () =>
      Math.max(0, ...this.frames.filter((it) => it.kind === 1).map((it) => it.epoch));
    await expect.poll(newest, POLL).toBeGreaterThan(above);
    return newest();
  }
}

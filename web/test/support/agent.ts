/** An agent without a viewer: the socket that watches a visitor. */
import { createRequire } from "node:module";
import { expect } from "vitest";
import { decode, type Frame } from "../../src/wire/frame.ts";
import type {
  FromViewer,
  ToViewer,
  ViewerSession,
  ViewerWelcome,
} from "../../src/wire/messages.ts";
import { POLL } from "./patience.ts";

/** The WebSocket client that wscat brings; Node 20 has none. */
interface Client {
  binaryType: string;
  send(data: string): void;
  close(): void;
  on(event: "open" | "close" | "error", listener: (value: number | Error) => void): void;
  on(event: "message", listener: (data: ArrayBuffer, isBinary: boolean) => void): void;
}
const require = createRequire(new URL("../../node_modules/wscat/package.json", import.meta.url));
const WebSocket: new (url: string) => Client = require("ws");

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

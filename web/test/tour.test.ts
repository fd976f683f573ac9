/** The tour of the README, followed literally: its shell blocks in one shell, against a real node. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { Baton } from "./baton.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const STEPS = [...README.matchAll(/^```sh tour\n(.*?)^```$/gms)].map((match) => match[1] ?? "");

/** A shell whose output can be waited for. */
class Shell {
  readonly #process: ChildProcessWithoutNullStreams;
  #output = "";
  #heard = () => {};

  constructor(environment: Record<string, string>) {
    // A group of its own, so that what the tour leaves in the background ends with it.
    this.#process = spawn("bash", {
      detached: true,
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { ...process.env, ...environment },
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on("data", (chunk) => {
        this.#output += chunk;
        this.#heard();
      });
    }
  }

  /** Types text and waits until everything expected was printed since. */
  async type(text: string, ...expected: RegExp[]): Promise<void> {
    this.#output = "";
    this.#process.stdin.write(`${text}\n`);
    await new Promise<void>((resolve) => {
      this.#heard = () => {
        if (expected.every((pattern) => pattern.test(this.#output))) resolve();
      };
    });
  }

  end(): void {
    if (this.#process.pid !== undefined) process.kill(-this.#process.pid, "SIGKILL");
  }
}

let baton: Baton | undefined;
let shell: Shell | undefined;

afterEach(async () => {
  shell?.end();
  await baton?.stop();
});

test("the tour shows what it promises", async () => {
  expect(STEPS).toHaveLength(5);
  const [prepare = "", create = "", play = "", limit = "", takeover = ""] = STEPS;
  baton = await Baton.start({
    BATON_STREAMS__LIMIT: "1",
    BATON_STREAMS__PONG_TIMEOUT_MS: "60000",
    BATON_NODE__DRAIN_SECONDS: "0",
  });
  // The client of the tour is installed already: nothing is fetched.
  shell = new Shell({ BATON: baton.origin, npm_config_offline: "true" });
  await shell.type(`${prepare}echo ready`, /ready/);
  await shell.type(create, /"endpoint":"ws:/);
  await shell.type(play, /\{"action":"OK"\}/);
  await shell.type(limit, /LimitExceeded.*"name":"Living room"/, /\{"action":"PING"\}/);
  await shell.type(
    takeover,
    /"endpoint":"ws:/,
    /\{"action":"TAKE_OVER","sessionName":"Kitchen"\}/,
    /"activeSessions":\[\{[^\]]*"name":"Kitchen"/,
  );
});

/** The tours of the README, followed literally: their shell blocks in one shell, against a real node. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { Baton } from "./support/baton.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The blocks below a heading, up to the next heading of its kind. */
function steps(heading: string): string[] {
  const [, section = ""] = README.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  return [...own.matchAll(/^```sh tour\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
}

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

  /** What was printed since the last text was typed: for whoever looks why a tour stopped. */
  heard(): string {
    return this.#output;
  }

  end(): void {
    if (this.#process.pid !== undefined) process.kill(-this.#process.pid, "SIGKILL");
  }
}

let baton: Baton | undefined;
let shell: Shell | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(shell?.heard());
  shell?.end();
  await baton?.stop();
});

/** A node, and a shell that finds the client of the tours installed: nothing is fetched. */
async function start(settings: Record<string, string>): Promise<Shell> {
  baton = await Baton.start({ BATON_NODE__DRAIN_SECONDS: "0", ...settings });
  shell = new Shell({ BATON: baton.origin, npm_config_offline: "true" });
  return shell;
}

test("every block belongs to a tour", () => {
  const tours = ["A tour of streams", "A tour of co-browsing"].flatMap(steps);
  expect(README.match(/^```sh tour$/gm)).toHaveLength(tours.length);
});

test("the tour of streams shows what it promises", async () => {
  const blocks = steps("A tour of streams");
  expect(blocks).toHaveLength(5);
  const [prepare = "", create = "", play = "", limit = "", takeover = ""] = blocks;
  const shell = await start({
    BATON_STREAMS__LIMIT: "1",
    BATON_STREAMS__PONG_TIMEOUT_MS: "60000",
  });
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

test("the tour of co-browsing shows what it promises", async () => {
  const blocks = steps("A tour of co-browsing");
  expect(blocks).toHaveLength(11);
  const [prepare = "", create = "", find = "", join = "", watch = "", consent = ""] = blocks;
  const [stop = "", code = "", online = "", link = "", open = ""] = blocks.slice(6);
  const shell = await start({ BATON_NODE__NAME: "node-1" });
  await shell.type(`${prepare}echo ready`, /ready/);
  await shell.type(
    create,
    /^set-cookie: gcbSessionServer=node-1; Path=\/; HttpOnly; SameSite=Lax\r?$/im,
    /\{"sessionToken":"\d{9}","sessionServerName":"node-1","customerToken":"[0-9a-f]{41}"\}/,
  );
  await shell.type(
    find,
    /^\{"sessionToken":"\d{9}","sessionServerName":"node-1"\}$/m,
    /"OriginRefused".*"status":403/,
  );
  await shell.type(
    join,
    /"role":1,"name":"Jane".*"role":2,"name":"Ann".*"role":3,"name":"Cleo"/,
    /"socketUrl":"ws:.*\/cobrowse\/socket\/viewer\?token=/,
  );
  await shell.type(watch, /^ann: .*"welcome"/m, /^ann: .*"session","status":"waiting"/m);
  await shell.type(
    consent,
    /^jane: .*"status":"pendingRequest"/m,
    /^jane: .*"status":"active"/m,
    /^jane: \{"type":"snapshotRequest"\}$/m,
    /^ann: .*"session","status":"active"/m,
    /^ann: \{"type":"page","url":"shop\.test\/cart"\}$/m,
  );
  await shell.type(
    stop,
    /^\{"activationTime":\d{13},"deactivationTime":\d{13}\}$/m,
    /^ann: .*"status":"terminated".*"endedBy":"agent"/m,
    /^jane: .*"status":"terminated".*"endedBy":"agent"/m,
    /^ann: closed$/m,
    /^jane: closed$/m,
    /"deactivationTime":\d{13},"pages":\[\{"url":"shop\.test\/cart","enteredTimestamp":\d{13},/,
    /^health 200$/m,
  );
  await shell.type(
    code,
    /^\d{6}$/m,
    /^\{"session-token":"[0-9a-f]{41}","cid":"[0-9a-f]{41}"\}$/m,
    /^\{"cid":"[0-9a-f]{41}"\}$/m,
    /"CodeRefused".*"status":403/,
  );
  await shell.type(online, /^visitor: .*"welcome".*"visitorId":.*"lookupCode":"\d{4}"\}$/m);
  await shell.type(
    link,
    /"error":"invalid_api_key"/,
    /^\{"watch_url":"http:.*\/cobrowse\/watch\/[\w.-]+"\}$/m,
  );
  await shell.type(
    open,
    /^watcher: .*"welcome".*"allow_click":true/m,
    /^visitor: .*"session".*"status":"pendingRequest"/m,
  );
});

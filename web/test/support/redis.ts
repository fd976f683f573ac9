/** One Redis server for a test, on a port of its own, with nothing kept on disk. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

/** A free port may be taken before the server has it. */
const TRIES = 5;

export class Redis {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(): Promise<Redis> {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const port = await freePort();
      const server = await listening(port);
      if (server) return new Redis(server, port);
    }
    throw new Error("redis-server does not start: see make deps");
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }
}

/** A server that accepts connections; undefined where somebody else was quicker. */
async function listening(port: number): Promise<ChildProcess | undefined> {
  const options = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", options, { stdio: ["ignore", "pipe", "ignore"] });
  process.once("exit", () => server.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => resolve(undefined));
    createInterface(server.stdout).on("line", (line) => {
      if (line.includes("Ready to accept connections")) resolve(server);
    });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

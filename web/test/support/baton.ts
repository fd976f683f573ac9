/** One Baton node for a test: the real binary, on ports of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY =
  process.env.BATON_BIN ?? fileURLToPath(new URL("../../../target/debug/baton", import.meta.url));

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

export class Baton {
  readonly origin: string;
  /** The origin of the admin listener. */
  readonly admin: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, origin: string, admin: string) {
    this.#process = process;
    this.origin = origin;
    this.admin = admin;
  }

  /** Starts a node with development settings and these on top. */
  static async start(settings: Record<string, string>): Promise<Baton> {
    const child = spawn(BINARY, ["serve", "--dev"], {
      env: {
        ...foreignEnvironment(),
        BATON_LISTEN: "127.0.0.1:0",
        BATON_ADMIN__LISTEN: "127.0.0.1:0",
        // The pages of this checkout, wherever the binary was built.
        BATON_WEB__DIR: DIST,
        ...settings,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // A test run that dies leaves no node behind.
    process.once("exit", () => child.kill("SIGKILL"));
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    const [origin, admin] = await new Promise<[string, string]>((resolve, reject) => {
      child.once("error", (cause) => reject(new Error(`cannot start ${BINARY}`, { cause })));
      child.once("exit", (code) =>
        reject(new Error(`${BINARY} ended with ${code} before it listened:\n${errors}`)),
      );
      let listening = "";
      // Read to the end, so that the pipe never fills.
      createInterface(child.stdout).on("line", (line) => {
        const [, what, where = ""] =
          /^(listening|admin) on (http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? [];
        if (what === "listening") listening = where;
        // Said after the other.
        if (what === "admin") resolve([listening, where]);
      });
    });
    return new Baton(child, origin, admin);
  }

  /** Waits until the node has ended by itself. */
  async gone(): Promise<void> {
    if (this.#process.exitCode === null) await once(this.#process, "exit");
  }

  /** Ends the node the way an operator does, and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await gone;
  }

  /** The machine it ran on is gone: nobody is told. */
  async kill(): Promise<void> {
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }
}

/** The environment without any BATON_ variable: those are settings to a node, and the tests' own. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("BATON_")),
  );
}

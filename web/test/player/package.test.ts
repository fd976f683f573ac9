/** What `npm pack` makes of the player package, used as a stranger would use it. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const WEB = fileURLToPath(new URL("../..", import.meta.url));

let project: string;
let installed: string;
let manifest: Record<string, unknown>;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "baton-player-"));
  installed = join(project, "node_modules", "baton-player");
  await mkdir(installed, { recursive: true });
  const pack = ["pack", "./dist/player", "--json", "--offline", "--pack-destination", project];
  const { stdout } = await run("npm", pack, { cwd: WEB });
  const [{ filename }] = JSON.parse(stdout);
  const unpack = ["-xzf", join(project, filename), "-C", installed, "--strip-components=1"];
  await run("tar", unpack);
  manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
});

afterAll(async () => {
  if (project) await rm(project, { recursive: true });
});

test("it holds what is needed and nothing else", async () => {
  expect((await readdir(installed)).sort()).toEqual([
    "LICENSE",
    "README.md",
    "drisc.d.ts",
    "error.d.ts",
    "index.d.ts",
    "index.js",
    "keep.d.ts",
    "media.d.ts",
    "package.json",
    "session.d.ts",
  ]);
});

test("it is of Baton's version and licence, and depends on nothing", async () => {
  const cargo = await readFile(join(WEB, "..", "Cargo.toml"), "utf8");
  const [, workspace = ""] = cargo.split("[workspace.package]");
  expect(manifest.version).toBe(/^version = "(.+)"$/m.exec(workspace)?.[1]);
  expect(manifest).toMatchObject({ license: "Apache-2.0", sideEffects: false, type: "module" });
  const needs = Object.keys(manifest).filter((key) => key.endsWith("ependencies"));
  expect(needs).toEqual([]);
});

test("importing it does nothing, and needs no browser", async () => {
  const before = Object.getOwnPropertyNames(globalThis);
  const exports = await import(pathToFileURL(join(installed, "index.js")).href);
  expect(Object.keys(exports).sort()).toEqual([
    "BatonError",
    "drisc",
    "mediaPlaySessions",
    "rememberedDeviceId",
  ]);
  expect(Object.getOwnPropertyNames(globalThis)).toEqual(before);
});

/** What a strict compiler says of a file that uses the package. */
async function complaints(source: string, resolution: "bundler" | "nodenext"): Promise<string> {
  const options = {
    target: "ES2022",
    module: resolution === "bundler" ? "ESNext" : "NodeNext",
    moduleResolution: resolution,
    lib: ["ES2022", "DOM"],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  };
  await writeFile(join(project, "package.json"), '{"type":"module"}');
  await writeFile(join(project, "consumer.ts"), source);
  const config = JSON.stringify({ compilerOptions: options, files: ["consumer.ts"] });
  await writeFile(join(project, "tsconfig.json"), config);
  const tsc = join(WEB, "node_modules", "typescript", "bin", "tsc");
  return run(process.execPath, [tsc, "-p", project]).then(
    () => "",
    (failed) => failed.stdout,
  );
}

/** The TypeScript of the package's README; each block is a file of its own. */
async function examples(): Promise<string[]> {
  const readme = await readFile(join(installed, "README.md"), "utf8");
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
}

test.each(["bundler", "nodenext"] as const)(
  "the README's examples compile (%s)",
  async (resolution) => {
    const all = await examples();
    expect(all).toHaveLength(2);
    for (const example of all) expect(await complaints(example, resolution)).toBe("");
  },
);

test.each(["bundler", "nodenext"] as const)(
  "wrong use does not compile (%s)",
  async (resolution) => {
    const wrong = `
import { drisc, type State } from "baton-player";
const session = drisc({ server: "https://a.test", token: () => 7, sessionName: "TV" });
session.on("takenOver", ({ who }) => who);
export const name = (state: State) => state.by;
`;
    const said = await complaints(wrong, resolution);
    const lines = [...said.matchAll(/consumer\.ts\((\d+),/g)].map(([, line]) => Number(line));
    expect(lines).toEqual([3, 4, 5]);
  },
);

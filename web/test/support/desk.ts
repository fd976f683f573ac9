/** The v1.1 API as an agent's application calls it. */
import { expect } from "vitest";
import { Agent } from "./agent.ts";
import { POLL } from "./patience.ts";

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

export class Desk {
  readonly #origin: string;
  readonly #key: string;

  private constructor(origin: string, key: string) {
    this.#origin = origin;
    this.#key = key;
  }

  /** Of a node, with its key: the one that `--dev` made up, unless another was set. */
  static async of({ origin }: { origin: string }, key?: string): Promise<Desk> {
    return new Desk(origin, key ?? (await madeUpKey(origin)));
  }

  async list(search: string): Promise<ListedVisitor[]> {
    const query = new URLSearchParams({ search });
    const answer = await (await this.#call(`list.json?${query}`)).json();
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

  /** A watch link, with these terms beside the agent. */
  async link(uniqueId: string, terms: object = {}, name = "Ann Bell"): Promise<string> {
    const { short_id } = await this.visitor(uniqueId);
    const response = await this.#call(`visitors/${short_id}/watch_url.json`, {
      method: "POST",
      body: JSON.stringify({ agent: { id: name, name }, ...terms }),
    });
    return ((await response.json()) as { watch_url: string }).watch_url;
  }

  /** Opens a watch link of that visitor. */
  async watch(uniqueId: string, name = "Ann"): Promise<Agent> {
    const token = new URL(await this.link(uniqueId, {}, name)).pathname.split("/").at(-1);
    return Agent.open(this.#origin, token ?? "");
  }

  async end(uniqueId: string): Promise<void> {
    const { short_id } = await this.visitor(uniqueId);
    await this.#call(`visitors/${short_id}/session`, { method: "DELETE" });
  }

  async #call(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { "X-Api-Key": this.#key };
    const response = await fetch(`${this.#origin}/v1.1/${path}`, { ...init, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}

async function madeUpKey(origin: string): Promise<string> {
  const response = await fetch(`${origin}/demo/api-key`);
  return ((await response.json()) as { apiKey: string }).apiKey;
}

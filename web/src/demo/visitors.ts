/** The v1.1 API as an agent's application calls it; the demo's key comes from the node itself. */

/** What the desk shows of a visitor; README lists the rest. */
export interface Visitor {
  short_id: string;
  unique_id: string | null;
  identities: string[];
  is_online: boolean;
  is_in_session: boolean;
  last_url: string | null;
  browser_name: string | null;
  device_type: string | null;
  lookup_code: string | null;
}

export class Visitors {
  #key: Promise<string> | undefined;

  async list(search: string): Promise<Visitor[]> {
    const answer = await this.#call("GET", `list.json?${new URLSearchParams({ search })}`);
    return answer.visitors;
  }

  /** A link to watch a visitor, whose messages come to this page and to no other. */
  async watchUrl(visitor: string, agent: string): Promise<string> {
    const answer = await this.#call("POST", `visitors/${visitor}/watch_url.json`, {
      agent: { id: agent.toLowerCase(), name: agent },
      branding: { naked: "page_only" },
      origin: location.origin,
    });
    return answer.watch_url;
  }

  // biome-ignore lint/suspicious/noExplicitAny: each caller names the one member that it reads
  async #call(method: string, path: string, body?: object): Promise<any> {
    const response = await fetch(`/v1.1/${path}`, {
      method,
      headers: { "X-Api-Key": await this.#apiKey() },
      body: body ? JSON.stringify(body) : null,
    });
    const answer = await response.json();
    if (response.status !== 200) throw new Error(answer.message ?? answer.error);
    return answer;
  }

  #apiKey(): Promise<string> {
    this.#key ??= fetch("/demo/api-key").then(async (response) => {
      if (response.status !== 200) {
        this.#key = undefined;
        throw new Error("The demo knows the API key only where watch.api_key is not set.");
      }
      return (await response.json()).apiKey;
    });
    return this.#key;
  }
}

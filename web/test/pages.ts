/** A server of pages that a test makes up: a shop, an agent's application, a trap. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  path: string;
  headers: IncomingHttpHeaders;
}

export class Pages {
  readonly origin: string;
  /** Every request, in its order. */
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #pages = new Map<string, { type: string; body: string }>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://pages");
      this.seen.push({ path: pathname, headers: request.headers });
      const page = this.#pages.get(pathname);
      if (!page) return response.writeHead(404).end();
      response.writeHead(200, { "Content-Type": page.type, "Cache-Control": "no-store" });
      return response.end(page.body);
    });
    this.origin = "";
  }

  static async start(): Promise<Pages> {
    const pages = new Pages();
    await new Promise<void>((resolve) => pages.#server.listen(0, "127.0.0.1", resolve));
    const { port } = pages.#server.address() as AddressInfo;
    return Object.assign(pages, { origin: `http://127.0.0.1:${port}` });
  }

  /** Serves this from now on; the URL of it. */
  put(path: string, body: string, type = "text/html; charset=utf-8"): string {
    this.#pages.set(path, { type, body });
    return this.origin + path;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

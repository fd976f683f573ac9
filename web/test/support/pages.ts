/** A site of its own origin that serves what a test gives it, and remembers who asked. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface ServedPage {
  html: string;
  /** Its media type, where it is not HTML. */
  type?: string;
  /** A `Content-Security-Policy`. */
  policy?: string;
}

export interface Seen {
  path: string;
  headers: IncomingHttpHeaders;
}

export class PageServer {
  readonly origin: string;
  /** Every request, in its order. */
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #pages = new Map<string, ServedPage>();

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", ({ url = "/", headers }, response) => {
      const { pathname } = new URL(url, this.origin);
      this.seen.push({ path: pathname, headers });
      const page = this.#pages.get(pathname);
      if (!page) {
        response.writeHead(404).end();
        return;
      }
      const policy = page.policy && { "Content-Security-Policy": page.policy };
      const type = page.type ?? "text/html; charset=utf-8";
      response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store", ...policy });
      response.end(page.html);
    });
  }

  static async start(): Promise<PageServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new PageServer(server);
  }

  /** Serves a page at a path from now on; the page's URL. */
  serve(path: string, page: ServedPage): string {
    this.#pages.set(path, page);
    return this.origin + path;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

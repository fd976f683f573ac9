/** An address that stays while the node behind it is exchanged: a load balancer of one. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Switchboard {
  readonly origin: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #port: number | undefined;

  private constructor(server: Server) {
    this.#server = server.on("connection", (client) => this.#join(client));
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<Switchboard> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Switchboard(server);
  }

  /** New connections go to that node; undefined: nobody answers. */
  lead(to: { origin: string } | undefined): void {
    this.#port = to && Number(new URL(to.origin).port);
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    if (this.#port === undefined) {
      client.destroy();
      return;
    }
    const node = connect(this.#port, "127.0.0.1");
    for (const [one, other] of [
      [client, node],
      [node, client],
    ] as const) {
      this.#open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

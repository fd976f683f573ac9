/** A load balancer without stickiness: each connection goes to one of the nodes, the next one to another. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class Balancer {
  readonly origin: string;
  readonly #server: Server;
  readonly #connections: Map<Socket, string>;
  readonly #nodes: string[];

  private constructor(server: Server, connections: Map<Socket, string>, nodes: string[]) {
    this.#server = server;
    this.#connections = connections;
    this.#nodes = nodes;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    this.origin = `http://127.0.0.1:${address.port}`;
  }

  /** Nodes are told to it later: they must know its address before they start. */
  static async start(): Promise<Balancer> {
    const connections = new Map<Socket, string>();
    const nodes: string[] = [];
    let turn = 0;
    const server = createServer((client) => {
      const node = nodes[turn++ % nodes.length];
      if (node === undefined) {
        client.destroy();
        return;
      }
      const { hostname, port } = new URL(node);
      const behind = connect(Number(port), hostname);
      connections.set(client, node);
      client.on("error", () => behind.destroy()).on("close", () => connections.delete(client));
      behind.on("error", () => client.destroy()).on("close", () => client.destroy());
      client.pipe(behind).pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Balancer(server, connections, nodes);
  }

  /** Where connections go from now on; open ones stay. */
  to(...nodes: string[]): void {
    this.#nodes.splice(0, this.#nodes.length, ...nodes);
  }

  /** How many connections there are to a node. */
  open(node: string): number {
    return [...this.#connections.values()].filter((open) => open === node).length;
  }

  /** Breaks every connection, as a network change does. */
  cut(): void {
    for (const connection of this.#connections.keys()) connection.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

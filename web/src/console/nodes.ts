/** The table of nodes. Rows are changed in place, so that focus and selection stay. */
import { element, make } from "../page/elements.ts";
import { type Admin, type Node, why } from "./api.ts";
import { confirm } from "./dialog.ts";
import type { History } from "./history.ts";
import { button, setText } from "./page.ts";
import { count, latency, NONE, rate, span, timeOfDay } from "./words.ts";

/** A node that is gone stays in view for so long. */
const GONE_MS = 300_000;

/** Where a node stands. */
export type NodeState = "ready" | "not ready" | "draining" | "gone";

/** The columns with numbers, in order: what the narrow layout calls them. */
const COLUMNS = ["Sockets", "Streams", "Co-browse", "Visitors", "Requests/s", "p99"] as const;

interface Row {
  root: HTMLTableRowElement;
  here: HTMLElement;
  version: HTMLElement;
  state: HTMLElement;
  up: HTMLElement;
  numbers: HTMLElement[];
  bar: HTMLMeterElement;
  drain: HTMLButtonElement;
  node: Node;
  goneMs: number | undefined;
}

export function stateOf(node: Node): NodeState {
  if (node.draining) return "draining";
  return node.load === null || node.load.ready ? "ready" : "not ready";
}

export class NodesView {
  readonly #admin: Admin;
  readonly #history: History;
  readonly #body = element("nodes-body", HTMLTableSectionElement);
  readonly #note = element("nodes-note", HTMLElement);
  readonly #rows = new Map<string, Row>();

  constructor(admin: Admin, history: History) {
    this.#admin = admin;
    this.#history = history;
  }

  show(nodes: readonly Node[], toldBy: string, nowMs: number): void {
    const there = new Set(nodes.map(({ name }) => name));
    const most = Math.max(1, ...nodes.map(({ sockets }) => sockets));
    for (const node of nodes) {
      const row = this.#row(node);
      this.#fill(row, node, node.name === toldBy, most, nowMs);
    }
    for (const [name, row] of this.#rows) {
      if (there.has(name)) continue;
      row.goneMs ??= nowMs;
      this.#leave(row, nowMs - row.goneMs);
      if (nowMs - row.goneMs > GONE_MS) {
        row.root.remove();
        this.#rows.delete(name);
      }
    }
  }

  clear(): void {
    this.#body.replaceChildren();
    this.#rows.clear();
    this.#note.textContent = "";
  }

  #row(node: Node): Row {
    const known = this.#rows.get(node.name);
    if (known !== undefined) return known;
    const row = this.#make(node);
    this.#rows.set(node.name, row);
    const names = [...this.#rows.keys()].sort();
    const next = this.#rows.get(names[names.indexOf(node.name) + 1] ?? "");
    this.#body.insertBefore(row.root, next?.root ?? null);
    return row;
  }

  #make(node: Node): Row {
    const here = make("span", "tag", "connected");
    here.title = "This console talks to this node; the activity is that of this node.";
    const version = make("span", "quiet version");
    const name = make("th", "name", make("strong", "", node.name), here, version);
    name.scope = "row";
    const state = make("span", "state");
    const up = make("td", "up");
    up.dataset.label = "Up";
    const bar = make("meter");
    bar.setAttribute("aria-hidden", "true");
    const values = COLUMNS.map(() => make("span"));
    const cells = values.map((value, at) => {
      const cell = make("td", "number", value);
      cell.dataset.label = COLUMNS[at];
      return cell;
    });
    cells[0]?.append(bar);
    const drain = button("Drain", "small", () => void this.#drain(node.name));
    drain.setAttribute("aria-label", `Drain ${node.name}`);
    const root = make("tr", "", name, make("td", "", state), up, ...cells, make("td", "do", drain));
    root.dataset.node = node.name;
    return { root, here, version, state, up, numbers: values, bar, drain, node, goneMs: undefined };
  }

  #fill(row: Row, node: Node, isHere: boolean, most: number, nowMs: number): void {
    row.node = node;
    row.goneMs = undefined;
    row.here.hidden = !isHere;
    setText(row.version, node.version);
    const state = stateOf(node);
    row.root.dataset.state = state;
    setText(row.state, state);
    setText(row.up, span(nowMs - node.started_ms));
    const reading = this.#history.of(node.name);
    const { load } = node;
    const values = [
      count(node.sockets),
      count(load?.held_streams ?? null),
      count(load?.hosted_sessions ?? null),
      count(load?.visitors ?? null),
      rate(reading?.requests ?? null),
      latency(reading?.p99 ?? null),
    ];
    for (const [at, value] of values.entries()) {
      const cell = row.numbers[at];
      if (cell !== undefined) setText(cell, value);
    }
    row.bar.max = most;
    row.bar.value = node.sockets;
    row.drain.disabled = state === "draining";
  }

  #leave(row: Row, forMs: number): void {
    row.root.dataset.state = "gone";
    setText(row.state, `gone ${span(forMs)}`);
    setText(row.up, NONE);
    for (const cell of row.numbers) setText(cell, NONE);
    row.bar.value = 0;
    row.here.hidden = true;
    row.drain.disabled = true;
  }

  async #drain(name: string): Promise<void> {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    const isElsewhere = [...this.#rows.values()].some(
      (other) => other !== row && other.root.dataset.state === "ready",
    );
    const said = await confirm({
      title: `Drain ${name}?`,
      text: `It takes no new sessions and stops. ${farewell(row.node.sockets, isElsewhere)}`,
      does: `Drain ${name}`,
    });
    if (said === undefined) return;
    try {
      await this.#admin.drain(name);
      this.#note.textContent = `${timeOfDay(Date.now())} ${name} was told to drain.`;
    } catch (error) {
      this.#note.textContent = `${name} was not drained. ${why(error)}`;
    }
  }
}

/** What becomes of a drained node's sockets. */
function farewell(number: number, isElsewhere: boolean): string {
  if (!isElsewhere) return "No other node is ready to take its sockets: its streams will stop.";
  const sockets = number === 1 ? "Its one socket is" : `Its ${count(number)} sockets are`;
  return `${sockets} sent to the other nodes, spread over the drain window.`;
}

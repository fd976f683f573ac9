/**
 * The admin API as the console calls it: same origin, with the operators' token where one is needed.
 *
 * The token is kept for this tab only, and never shown.
 */

/** What a node has counted since its start. */
export interface Tally {
  requests: number;
  creates: number;
  refusals: number;
  takeovers: number;
  relay_frames: number;
  relay_bytes: number;
}

/** How long answers took in the last ten seconds, in microseconds. */
export interface Latency {
  p50_us: number;
  p95_us: number;
  p99_us: number;
}

/** What a node does. */
export interface Load {
  /** Milliseconds since 1970, by the node's clock. */
  at_ms: number;
  ready: boolean;
  held_streams: number;
  hosted_sessions: number;
  visitors: number;
  since_start: Tally;
  latency: Latency | null;
}

/** A node of the registry. */
export interface Node {
  name: string;
  server_url: string | null;
  internal_url: string;
  version: string;
  sockets: number;
  draining: boolean;
  started_ms: number;
  /** Null of a release that does not tell. */
  load: Load | null;
}

/** The data of an event `nodes`. */
export interface NodesNow {
  at_ms: number;
  told_by: string;
  /** Null while the store does not answer. */
  nodes: Node[] | null;
}

/** The data of an event `activity`: what belongs to its kind is there, the rest is not. */
export interface Activity {
  at_ms: number;
  node: string;
  kind: string;
  tenant?: string;
  customer?: string;
  session?: string;
  name?: string;
  pool?: string;
  reason?: string;
  by?: string;
  by_name?: string;
  note?: string;
  role?: string;
  given?: boolean;
  up?: boolean;
}

/** A live stream session. */
export interface StreamSession {
  id: string;
  pool: string;
  name: string;
  device: string | null;
  node: string | null;
  generation: number;
  created_ms: number;
  expires_ms: number;
}

/** Somebody in a co-browse session. */
export interface CobrowseUser {
  user_id: string;
  role: number;
  name: string | null;
  agent: string | null;
  left: boolean;
}

/** A co-browse session with its audit trail. */
export interface CobrowseSession {
  session_token: string;
  history_id: string;
  tenant: string;
  status: string;
  begun: unknown;
  host: string | null;
  home: string;
  fence: number;
  visitor_came: boolean;
  consent_required: boolean;
  consented: boolean;
  control: string | null;
  users: CobrowseUser[];
  created_ms: number;
  activated_ms: number | null;
  ended_ms: number | null;
  ended_by: unknown;
  expires_ms: number;
  events: ({ at_ms: number; event: string } & Record<string, unknown>)[];
}

/** The answer was an error; the message is for the operator. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TOKEN = "baton.console.token";
/** No call takes longer, but for the events. */
const CALL_MS = 15_000;

/** The calls of the console. */
export class Admin {
  /** Called when a call was refused for want of the right token. */
  onUnauthorized: () => void = () => {};

  get hasToken(): boolean {
    return sessionStorage.getItem(TOKEN) !== null;
  }

  signIn(token: string): void {
    sessionStorage.setItem(TOKEN, token);
  }

  signOut(): void {
    sessionStorage.removeItem(TOKEN);
  }

  /** Opens the events; what comes back is a 200. */
  events(signal: AbortSignal): Promise<Response> {
    return this.#ask("GET", "events", { signal, headers: { accept: "text/event-stream" } });
  }

  async sessions(tenant: string, customer: string, signal: AbortSignal): Promise<StreamSession[]> {
    const answer = await this.#get(account(tenant, customer), signal);
    return ((await answer.json()) as { sessions: StreamSession[] }).sessions;
  }

  async endSession(
    tenant: string,
    customer: string,
    session: string,
    reason: string,
  ): Promise<void> {
    const path = `${account(tenant, customer)}/${encodeURIComponent(session)}`;
    await this.#call("DELETE", path, JSON.stringify({ reason }));
  }

  async cobrowse(id: string, signal: AbortSignal): Promise<CobrowseSession> {
    const answer = await this.#get(`cobrowse/sessions/${encodeURIComponent(id)}`, signal);
    return (await answer.json()) as CobrowseSession;
  }

  async endCobrowse(id: string): Promise<void> {
    await this.#call("DELETE", `cobrowse/sessions/${encodeURIComponent(id)}`);
  }

  async drain(node: string): Promise<void> {
    await this.#call("POST", `nodes/${encodeURIComponent(node)}/drain`);
  }

  #get(path: string, signal: AbortSignal): Promise<Response> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
    return this.#ask("GET", path, { signal: either });
  }

  #call(method: string, path: string, body?: string): Promise<Response> {
    const signal = AbortSignal.timeout(CALL_MS);
    return this.#ask(method, path, body === undefined ? { signal } : { signal, body });
  }

  async #ask(method: string, path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const token = sessionStorage.getItem(TOKEN);
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    // Below the page's own address: a proxy may have put the listener under a path.
    const url = new URL(`../api/v1/${path}`, document.baseURI);
    const answer = await fetch(url, { ...init, method, headers, cache: "no-store" });
    if (answer.ok) return answer;
    const refused = new Refused(answer.status, await detail(answer));
    if (refused.status === 401) this.onUnauthorized();
    throw refused;
  }
}

function account(tenant: string, customer: string): string {
  return `accounts/${encodeURIComponent(tenant)}/${encodeURIComponent(customer)}/sessions`;
}

/** What problem details (RFC 9457) say. */
async function detail(answer: Response): Promise<string> {
  try {
    const { title, detail } = (await answer.json()) as { title?: string; detail?: string };
    if (title !== undefined) return detail === undefined ? title : `${title}. ${detail}`;
  } catch {
    // Not from Baton: a proxy, perhaps.
  }
  return `The answer was ${answer.status}.`;
}

/** What went wrong with a call, in words. */
export function why(error: unknown): string {
  return error instanceof Refused ? error.message : "The node does not answer.";
}

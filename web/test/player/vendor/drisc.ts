/**
 * A stream session in the DRISC dialect, as the vendor's sample client speaks it; knows no DOM. A
 * fixture: real sites have players with these habits, and Baton must live with them.
 *
 * Its habits are deliberate: the JSON body has no JSON content
 * type, every socket message leaves one second late, a lost socket is not reopened, and the socket is
 * closed by the server only. The endpoint lives in sessionStorage, so a reload finds the same session.
 */

/** Where the endpoint is kept; one tab has one session. */
export const ENDPOINT_KEY = "vendor.endpoint";

/** How late every socket message leaves. */
export const SEND_DELAY_MS = 1000;

/** What the player wants to play, and where it asks. */
export interface StreamRequest {
  /** Origin of the Baton node, without a trailing slash. */
  server: string;
  customer: string;
  sessionName: string;
  offerId: string;
}

/** A running session as the limit answer lists it. */
export interface ActiveSession {
  sessionId: string;
  name: string;
}

/** Where the session stands, with what a viewer needs to see of it. */
export type Status =
  | { state: "idle" | "requesting" | "terminated" | "expired" | "finished" }
  | { state: "playing"; tracked: boolean }
  | { state: "limited"; sessions: ActiveSession[]; takeOverEnabled: boolean }
  | { state: "taken_over"; successor: string }
  | { state: "error"; reason: string };

/** The socket's part of the picture: it outlives some states and ends before others. */
export type SocketState = "none" | "open" | "closed";

/** Hears everything that happens; never answers. */
export interface Observer {
  statusChanged(status: Status, socket: SocketState): void;
  /** One line of the conversation, for people. Tokens are never in it. */
  exchanged(direction: "sent" | "received", text: string): void;
}

/** The problem document of a refusal. The sample client relies on `details` and so do we. */
interface Refusal {
  title?: string;
  detail?: string;
  details: { takeOverEnabled?: boolean; activeSessions?: ActiveSession[] };
}

export class DriscClient {
  readonly #observer: Observer;
  #request: StreamRequest | undefined;
  #status: Status = { state: "idle" };
  #socket: WebSocket | undefined;
  #socketState: SocketState = "none";

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  /** Goes back to the session that this tab had before a reload; false if there was none. */
  resume(request: StreamRequest): boolean {
    const endpoint = sessionStorage.getItem(ENDPOINT_KEY);
    if (endpoint === null) return false;
    this.#request = request;
    this.#become({ state: "requesting" });
    this.#connect(endpoint);
    return true;
  }

  /** Asks for a session. */
  async play(request: StreamRequest): Promise<void> {
    this.#request = request;
    await this.#post(request, "/sessions", {});
  }

  /** Ends one of the listed sessions and plays in its place. */
  async takeOver(sessionId: string): Promise<void> {
    if (this.#request) await this.#post(this.#request, "/takeover", { sessionId });
  }

  /** The viewer stopped: the slot is free as soon as FINISHED arrives. */
  stop(): void {
    sessionStorage.removeItem(ENDPOINT_KEY);
    if (this.#socket) this.#send(this.#socket, "FINISHED");
    this.#become({ state: "finished" });
  }

  async #post(request: StreamRequest, path: string, extra: object): Promise<void> {
    this.#become({ state: "requesting" });
    try {
      const token = await demoToken(request);
      this.#observer.exchanged("sent", `POST ${path}`);
      // No content type of our own: a string body goes out as text/plain, as the sample client's does.
      const response = await fetch(`${request.server}${path}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}` },
        body: JSON.stringify({
          sessionName: request.sessionName,
          offerId: request.offerId,
          ...extra,
        }),
      });
      this.#observer.exchanged("received", `HTTP ${response.status}`);
      if (response.status === 200) this.#admitted(await response.json());
      else this.#refused(await response.json());
    } catch (error) {
      this.#become({ state: "error", reason: error instanceof Error ? error.message : `${error}` });
    }
  }

  #admitted(answer: { enabled?: boolean; endpoint: string }): void {
    if (answer.enabled === false) {
      this.#become({ state: "playing", tracked: false });
      return;
    }
    sessionStorage.setItem(ENDPOINT_KEY, answer.endpoint);
    this.#connect(answer.endpoint);
  }

  #refused(refusal: Refusal): void {
    const { takeOverEnabled, activeSessions } = refusal.details;
    if (activeSessions) {
      this.#become({
        state: "limited",
        sessions: activeSessions,
        takeOverEnabled: takeOverEnabled === true,
      });
    } else {
      const reason = refusal.detail ?? refusal.title ?? "The server refused the session.";
      this.#become({ state: "error", reason });
    }
  }

  #connect(endpoint: string): void {
    const socket = new WebSocket(endpoint);
    this.#socket = socket;
    this.#socketState = "none";
    // A socket that a newer one replaced may still speak until the server closes it: not heard.
    const current = () => socket === this.#socket;
    socket.addEventListener("open", () => {
      if (!current()) return;
      this.#socketChanged("open");
      this.#send(socket, "REQUESTED");
    });
    socket.addEventListener("message", (event) => {
      if (current()) this.#heard(socket, JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (!current()) return;
      this.#observer.exchanged("received", `socket closed (${event.code})`);
      this.#socketChanged("closed");
      if (this.#status.state === "requesting") {
        this.#become({
          state: "error",
          reason: "The connection ended before the session started.",
        });
      }
    });
  }

  #heard(socket: WebSocket, message: { action: string; sessionName?: string }): void {
    this.#observer.exchanged("received", JSON.stringify(message));
    if (message.action === "PING") {
      this.#send(socket, "PONG");
      return;
    }
    // FINISHED is on its way: what the server said before it came no longer matters.
    if (this.#status.state === "finished") return;
    switch (message.action) {
      case "OK":
        this.#become({ state: "playing", tracked: true });
        break;
      case "EXPIRED":
        sessionStorage.removeItem(ENDPOINT_KEY);
        this.#become({ state: "expired" });
        if (this.#request) void this.play(this.#request);
        break;
      case "TERMINATE":
        this.#become({ state: "terminated" });
        break;
      case "TAKE_OVER":
        sessionStorage.removeItem(ENDPOINT_KEY);
        this.#become({ state: "taken_over", successor: message.sessionName ?? "" });
        break;
      default:
        this.#become({ state: "error", reason: `Unknown action “${message.action}”.` });
    }
  }

  #send(socket: WebSocket, action: "REQUESTED" | "PONG" | "FINISHED"): void {
    setTimeout(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      const text = JSON.stringify({ action });
      socket.send(text);
      this.#observer.exchanged("sent", text);
    }, SEND_DELAY_MS);
  }

  #become(status: Status): void {
    this.#status = status;
    this.#observer.statusChanged(status, this.#socketState);
  }

  #socketChanged(socketState: SocketState): void {
    this.#socketState = socketState;
    this.#observer.statusChanged(this.#status, socketState);
  }
}

/** A token of the demo's own issuer; a real player has its own from its login. */
async function demoToken({ server, customer }: StreamRequest): Promise<string> {
  const response = await fetch(`${server}/demo/token?customer=${encodeURIComponent(customer)}`);
  if (response.status !== 200) {
    throw new Error("No demo token: the server gives them out only when started with --dev.");
  }
  const { token }: { token: string } = await response.json();
  return token;
}

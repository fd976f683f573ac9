/** This page's side of the relay: which socket it holds, and what is said there. */
import { type Ending, Line } from "../wire/line.ts";
import type {
  EndedBy,
  FromVisitor,
  ToVisitor,
  VisitorSession,
  VisitorWelcome,
} from "../wire/messages.ts";
import { failure, reasonOf, type VisitError } from "./ending.ts";
import type { Memory } from "./memory.ts";
import { watchAddress } from "./navigation.ts";
import type { Options } from "./parts.ts";
import { type Identity, profile } from "./profile.ts";
import { Sharing } from "./sharing.ts";
import { takeTurn } from "./turn.ts";
import type { Emit, VisitStatus } from "./visit_events.ts";

/** The node writes profiles to its store: who moves on at every moment is told of when they rest. */
const TELL_AFTER_MS = 1_500;
/** Browsers do not tell a refused origin from a broken network: so many failures are worth a word. */
const FAILURES_TO_TELL = 2;
/** Another page of this visitor is connected, or this one slept while it was to say hello. */
const RETURN_WHEN_SEEN = [4002, 4007];

/** What differs between the scripts that show a page. */
export interface VisitSettings {
  /** Where Baton is, without a slash at the end. */
  base: string;
  options: Options;
  /** Whether the visitor is online without a session. */
  isPresent: boolean;
  memory: Memory;
  emit: Emit;
}

/** Who waits for a session to begin. */
interface Starting {
  resolve(): void;
  reject(error: VisitError): void;
}

export class Visit {
  readonly #settings: VisitSettings;
  readonly #sharing: Sharing;
  #identity: Identity;
  #line: Line<FromVisitor, ToVisitor> | undefined;
  /** The session token that the socket was opened by; presence needs none. */
  #token: string | undefined;
  /** Ends the present connection, or the wait for it. */
  #attempt = new AbortController();
  #failures = 0;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #starting: Starting | undefined;
  #returnsWhenSeen = false;
  #status: VisitStatus = "idle";
  readonly #life = new AbortController();

  constructor(settings: VisitSettings) {
    this.#settings = settings;
    this.#identity = settings.options;
    this.#sharing = new Sharing(settings.base, settings.options, {
      say: (message) => this.#say(message),
      show: (frame) => this.#line?.show(frame),
      backlog: () => this.#line?.backlog ?? 0,
      withdrawn: (sessionToken, by) => {
        settings.memory.over = sessionToken;
        this.#over(by);
      },
    });
    const { signal } = this.#life;
    watchAddress(() => this.#moved(), signal);
    // A page that the browser keeps to come back to is nobody's page meanwhile.
    addEventListener("pagehide", () => this.#leave(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#connect(), { signal });
    const seen = () => {
      if (this.#returnsWhenSeen && document.visibilityState === "visible") this.#connect();
    };
    document.addEventListener("visibilitychange", seen, { signal });
    this.#connect();
  }

  get status(): VisitStatus {
    return this.#status;
  }

  /** Whether the page shows itself in a session, or is about to. */
  get hasSession(): boolean {
    return this.#sharing.isThere || this.#settings.memory.session !== undefined;
  }

  /** What is given replaces what was told before. */
  identify(identity: Identity): void {
    this.#identity = { ...this.#identity, ...identity };
    this.#tellProfile();
  }

  /** Shows this page in the session of that token; resolves once it is there. */
  start(token: string): Promise<void> {
    this.#starting?.reject(failure("Replaced", "another session was started meanwhile."));
    this.#settings.memory.session = token;
    this.#sharing.leave();
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
      this.#connect();
    });
  }

  /** Ends the session, or the wait for it. */
  stop(): void {
    this.#starting?.reject(failure("Stopped", "it was stopped before it began."));
    this.#starting = undefined;
    this.#sharing.end();
    if (this.#settings.memory.session === undefined) return;
    this.#over("customer");
    this.#connect();
  }

  /** Lets go of the page, for another visit to take its place. */
  close(): void {
    this.#life.abort();
    clearTimeout(this.#telling);
    this.#leave();
  }

  /** Opens the socket that what is remembered asks for: of a session, of presence, or none. */
  #connect(): void {
    this.#disconnect();
    const token = this.#settings.memory.session;
    const isWanted = token !== undefined || this.#settings.isPresent;
    this.#tell(isWanted ? "connecting" : "idle");
    if (!isWanted) return;
    this.#attempt = new AbortController();
    void this.#open(token, this.#attempt.signal);
  }

  async #open(token: string | undefined, signal: AbortSignal): Promise<void> {
    // That of the tab first, and in a session too: a copy is not to be there for the visitor meanwhile.
    for (const secret of [this.#settings.memory.tab, token]) {
      if (secret === undefined) continue;
      const inTurn = await takeTurn(secret, signal, () => this.#tell("standby"));
      if (!inTurn || signal.aborted) return;
    }
    const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
    const url = `${this.#settings.base.replace(/^http/, "ws")}/socket/visitor${query}`;
    this.#token = token;
    try {
      this.#line = new Line<FromVisitor, ToVisitor>(() => url, {
        opened: () => this.#hello(),
        said: (message) => this.#heard(message),
        dropped: () => this.#dropped(),
        ended: (ending) => this.#ended(ending),
      });
    } catch {
      // A socket without TLS, in a page with it.
      this.#complain("unreachable", `${this.#settings.base} must be https, as this page is.`);
    }
  }

  #disconnect(): void {
    this.#returnsWhenSeen = false;
    this.#attempt.abort();
    this.#line?.close();
    this.#line = undefined;
  }

  #leave(): void {
    this.#sharing.leave();
    this.#disconnect();
  }

  #hello(): void {
    this.#failures = Number.NEGATIVE_INFINITY;
    const visitorToken = this.#settings.memory.visitor;
    // In a session of its own the visitor is nobody whom a link could invite to another one.
    const presence = this.#token === undefined && {
      visitor: profile(this.#identity),
      ...(visitorToken !== undefined && { visitorToken }),
    };
    this.#say({ type: "hello", protocol: 1, ...presence });
  }

  #heard(message: ToVisitor): void {
    switch (message.type) {
      case "welcome":
        this.#welcomed(message);
        break;
      case "standby":
        this.#sharing.leave();
        this.#tell("standby");
        break;
      case "session":
        this.#updated(message);
        break;
      case "controlRequest":
        this.#sharing.controlRequested(message.userId, message.name);
        break;
      case "snapshotRequest":
        this.#sharing.snapshotRequested();
        break;
      case "error":
        this.#sharing.refused(message.code);
        break;
      default:
        this.#sharing.seen(message);
    }
  }

  #welcomed({ visitorToken, lookupCode }: VisitorWelcome): void {
    if (this.#token !== undefined) return;
    this.#settings.memory.visitor = visitorToken;
    this.#settings.emit("lookupCode", lookupCode);
    if (!this.#sharing.isThere) this.#tell("online");
  }

  #updated(session: VisitorSession): void {
    const { sessionToken, status } = session;
    this.#starting?.resolve();
    this.#starting = undefined;
    if (sessionToken === this.#settings.memory.over) {
      // Withdrawn while nobody was there to hear it, perhaps by the page before this one.
      if (status !== "terminated") this.#say({ type: "end", sessionToken });
      return;
    }
    this.#sharing.update(session);
    if (status === "terminated") this.#over(session.endedBy);
    else this.#tell(status);
  }

  /** The session is over. Its own socket is closed by the node, which must hear first why. */
  #over(by: EndedBy | undefined): void {
    this.#settings.memory.session = undefined;
    this.#settings.emit("ended", by ? { by } : {});
    if (this.#token === undefined && this.#line?.isOpen) this.#tell("online");
  }

  #dropped(): void {
    this.#sharing.dropped();
    this.#tell("connecting");
    if (++this.#failures !== FAILURES_TO_TELL) return;
    this.#complain(
      "unreachable",
      `${this.#settings.base} cannot be reached. If it runs, see that ${location.origin} is in its ` +
        "cobrowse.allowed_origins, and that this page's Content-Security-Policy lets it connect there.",
    );
  }

  #ended(ending: Ending): void {
    this.#line = undefined;
    if (ending.by === "close" && RETURN_WHEN_SEEN.includes(ending.code)) {
      this.#leave();
      this.#returnsWhenSeen = true;
      this.#tell("standby");
      return;
    }
    const reason = reasonOf(ending);
    const { memory } = this.#settings;
    const hadSession = memory.session !== undefined && memory.session === this.#token;
    this.#sharing.lost();
    if (hadSession) this.#over(undefined);
    this.#starting?.reject(failure(reason.code, reason.message));
    this.#starting = undefined;
    if (!reason.isOfSession) this.#complain(reason.code, reason.message);
    if (this.#token !== undefined) this.#connect();
    else this.#tell("idle");
  }

  #complain(code: string, message: string): void {
    console.warn(`Baton: ${message}`);
    this.#settings.emit("error", { code, message });
  }

  #moved(): void {
    this.#sharing.moved();
    this.#tellProfile();
  }

  #tellProfile(): void {
    clearTimeout(this.#telling);
    this.#telling = setTimeout(
      () => this.#say({ type: "profile", visitor: profile(this.#identity) }),
      TELL_AFTER_MS,
    );
  }

  #say(message: FromVisitor): boolean {
    return this.#line?.say(message) ?? false;
  }

  #tell(status: VisitStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#settings.emit("status", status);
  }
}

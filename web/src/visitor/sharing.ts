/** One session, shown by this page: what of panel and recorder is loaded, when, and what they are told. */
import { KIND } from "../wire/frame.ts";
import type { EndedBy, FromVisitor, SeenGesture, VisitorSession } from "../wire/messages.ts";
import type {
  Options,
  Panel,
  PanelHost,
  PanelModule,
  Recorder,
  RecorderHost,
  RecorderModule,
} from "./parts.ts";
import { pageUrl } from "./profile.ts";

/** Another page has shown more epochs than this one knows of: the node says so once, and not how many. */
const EPOCH_LEAP = 1_000;
/** Between the tries to load a part of the script: a node is exchanged, a network changes. */
const RETRY_MS = [500, 2_000, 5_000];

/** What it needs of the page's connection. */
export interface Wire {
  /** False where nobody is there to hear it. */
  say(message: FromVisitor): boolean;
  show(frame: Uint8Array<ArrayBuffer>): void;
  backlog(): number;
  /** The visitor ended, or declined, this session. It is over here, whether or not the node knows. */
  withdrawn(sessionToken: string, by: EndedBy): void;
}

export class Sharing implements PanelHost, RecorderHost {
  readonly options: Options;
  readonly #base: string;
  readonly #wire: Wire;
  #session: VisitorSession | undefined;
  #isConnected = false;
  /** The session was told on a new connection: a running recorder begins anew. */
  #isNew = true;
  #panel: Promise<Panel> | undefined;
  #recorder: Recorder | undefined;
  #isStarting = false;
  #epoch = 0;
  /** Whether the present epoch has begun; a request for a snapshot before is answered by that. */
  #hasBegun = false;
  /** The address that was told last in this epoch. */
  #page: string | undefined;
  /** Who lost control before the node could be told. */
  #revoked: string | undefined;

  constructor(base: string, options: Options, wire: Wire) {
    this.#base = base;
    this.options = options;
    this.#wire = wire;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Whether there is a session that is not over. */
  get isThere(): boolean {
    return this.#session !== undefined;
  }

  get isActive(): boolean {
    return this.#session?.status === "active";
  }

  /** The state of the session, as the node tells it. */
  update(told: VisitorSession): void {
    const session = this.#withoutRevoked(told);
    this.#session = session;
    this.#isConnected = true;
    if (session.status === "terminated") {
      this.#finish();
      return;
    }
    if (session.status !== "created" || this.#panel) this.#show();
    if (this.isActive) void this.#record(session.epoch ?? 0);
    else this.#stopRecorder();
  }

  /** The connection broke: what is shown may be out of date. */
  dropped(): void {
    this.#isConnected = false;
    this.#isNew = true;
    if (this.#session) this.#show();
  }

  /** Takes everything off the page, without a word: another page shows the session. */
  leave(): void {
    this.#stopRecorder();
    this.#tell((panel) => panel.close());
    this.#panel = this.#session = undefined;
    this.#isNew = true;
  }

  /** The session is over, and the node did not say how. */
  lost(): void {
    if (this.#session) this.#terminate();
  }

  seen(gesture: SeenGesture): void {
    if (!this.isActive) return;
    this.#tell((panel) => {
      try {
        panel.seen(gesture);
      } catch (error) {
        // What an agent cannot do is no reason to end a session.
        console.warn(`Baton: "${gesture.type}" failed`, error);
      }
    });
  }

  controlRequested(userId: string, name: string | undefined): void {
    this.#tell((panel) => panel.controlRequested(userId, name));
  }

  snapshotRequested(): void {
    if (this.#hasBegun) this.#recorder?.snapshot();
  }

  /** The page has another address. */
  moved(): void {
    if (this.#recorder) this.#tellPage();
  }

  /** What was said last was not obeyed: the visitor is asked again, if that was the answer. */
  refused(code: string): void {
    if (code === "oldEpoch") this.#recorder?.restart(this.#begin(this.#epoch + EPOCH_LEAP));
    if (this.#session?.status === "pendingRequest") this.#show();
  }

  // What the panel asks.

  consent(accepted: boolean): void {
    const session = this.#session;
    if (session?.status !== "pendingRequest") return;
    const { sessionToken } = session;
    this.#wire.say({ type: "consent", accepted, sessionToken });
    if (!accepted) this.#withdraw(session, "declined");
  }

  control(userId: string, granted: boolean): void {
    this.#wire.say({ type: "control", userId, granted });
    if (granted || this.#session?.control !== userId) return;
    // From now on, whether or not the node heard it.
    this.#revoked = userId;
    this.#session = this.#withoutRevoked(this.#session);
    this.#show();
  }

  end(): void {
    const session = this.#session;
    if (!session || session.status === "terminated") return;
    this.#wire.say({ type: "end", sessionToken: session.sessionToken });
    this.#withdraw(session, "customer");
  }

  recorder(): Recorder | undefined {
    return this.#recorder;
  }

  // What the recorder asks.

  send(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.isActive) return;
    this.#hasBegun ||= frame[0] === KIND.snapshot;
    this.#wire.show(frame);
  }

  backlog(): number {
    return this.#wire.backlog();
  }

  viewport(width: number, height: number): void {
    if (this.isActive) this.#wire.say({ type: "viewport", width, height });
  }

  #withoutRevoked(session: VisitorSession): VisitorSession {
    const { control, ...others } = session;
    if (!control || control !== this.#revoked) {
      this.#revoked = undefined;
      return session;
    }
    if (this.#isNew) this.#wire.say({ type: "control", userId: control, granted: false });
    return others;
  }

  #show(): void {
    this.#panel ??= this.#open();
    this.#tell((panel) => {
      if (this.#session) panel.show(this.#session, this.#isConnected);
    });
  }

  #open(): Promise<Panel> {
    const panel = load<PanelModule>(this.#base, "panel").then((it) => it.openPanel(this));
    panel.catch(() => {
      if (this.#panel === panel) this.#panel = undefined;
    });
    return panel;
  }

  /** In the order of calls, once the panel is there. */
  #tell(act: (panel: Panel) => void): void {
    void this.#panel?.then(act).catch((error) => this.#fail(error));
  }

  #tellPage(): void {
    const url = pageUrl();
    if (!url || !this.isActive || url === this.#page) return;
    if (this.#wire.say({ type: "page", url })) this.#page = url;
  }

  /** Nothing is recorded before the banner is there that says so. */
  async #record(newest: number): Promise<void> {
    if (this.#recorder) {
      if (this.#isNew) this.#recorder.restart(this.#begin(newest));
      return;
    }
    if (this.#isStarting) return;
    this.#isStarting = true;
    try {
      const [module] = await Promise.all([
        load<RecorderModule>(this.#base, "recorder"),
        this.#panel,
      ]);
      // Meanwhile it may be over.
      if (!this.isActive || !this.#panel) return;
      this.#begin(this.#session?.epoch ?? newest);
      this.#recorder = module.startRecorder(this);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isStarting = false;
    }
  }

  #begin(newest: number): number {
    this.#isNew = this.#hasBegun = false;
    this.#page = undefined;
    this.#epoch = Math.max(this.#epoch, newest) + 1;
    this.#tellPage();
    return this.#epoch;
  }

  /** A part of the script is missing, or does not work here: nobody shall wait for it. */
  #fail(error: unknown): void {
    if (!this.#session) return;
    console.warn("Baton: a part of the script cannot run, so the session is ended.", error);
    this.end();
  }

  #withdraw(session: VisitorSession, endedBy: EndedBy): void {
    this.#wire.withdrawn(session.sessionToken, endedBy);
    this.#terminate(endedBy);
  }

  #terminate(endedBy?: EndedBy): void {
    if (!this.#session) return;
    this.#session = { ...this.#session, status: "terminated", ...(endedBy && { endedBy }) };
    this.#finish();
  }

  /** The panel says why, and goes by itself. */
  #finish(): void {
    this.#stopRecorder();
    const session = this.#session;
    const isConnected = this.#isConnected;
    if (session) this.#tell((panel) => panel.show(session, isConnected));
    this.#session = undefined;
    this.#isNew = true;
  }

  #stopRecorder(): void {
    this.#recorder?.stop();
    this.#recorder = undefined;
  }
}

/** A browser remembers that a module could not be loaded: each try asks for another URL. */
async function load<Module>(base: string, part: string): Promise<Module> {
  const url = `${base}/assets/${part}.js`;
  for (const [tried, pause] of RETRY_MS.entries()) {
    try {
      return await import(tried === 0 ? url : `${url}?${tried}`);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return import(`${url}?${RETRY_MS.length}`);
}

/** The viewer's side of one session: its connection, and all that is known of it. Shows nothing. */
import { type Ending, Line } from "../wire/line.ts";
import type {
  FromViewer,
  LinkTerms,
  ToViewer,
  ViewerSession,
  ViewerWelcome,
} from "../wire/messages.ts";
import { type Address, socketUrl } from "./address.ts";
import { isVouchedFor, termsOf } from "./link.ts";
import type { Memory } from "./memory.ts";
import { type Knowledge, type Scene, sceneOf } from "./scene.ts";

export interface SessionListener {
  /** Something about the session is new. */
  changed(): void;
  /** A host has the session; everything before is void. */
  welcomed(welcome: ViewerWelcome): void;
  told(session: ViewerSession): void;
  data(frame: ArrayBuffer): void;
  /** The next data frame is a snapshot. */
  resync(): void;
  page(url: string): void;
  viewport(width: number, height: number): void;
  controlDeclined(): void;
  /** Something that was said is not obeyed. */
  refused(): void;
}

export class Session {
  readonly #address: Address;
  readonly #memory: Memory;
  readonly #listener: SessionListener;
  /** An embedding page chose the link: what the link says of itself may be followed. */
  readonly #isEmbedded: boolean;
  #line: Line<FromViewer, ToViewer> | undefined;
  #token: string;
  #terms: LinkTerms | undefined;
  #known: Knowledge = { connection: { state: "connecting" }, hasPicture: false };
  /** The session is to end as soon as somebody hears it. */
  #wantsEnd = false;

  constructor(address: Address, memory: Memory, isEmbedded: boolean, listener: SessionListener) {
    this.#address = address;
    this.#memory = memory;
    this.#isEmbedded = isEmbedded;
    this.#listener = listener;
    const remembered = memory.read();
    this.#token = remembered?.userToken ?? address.token;
    this.#terms = remembered?.link;
  }

  get scene(): Scene {
    return sceneOf(this.#known);
  }

  get state(): ViewerSession | undefined {
    return this.#known.session;
  }

  get welcome(): ViewerWelcome | undefined {
    return this.#known.welcome;
  }

  /** What the watch link says; undefined until it is known, and for who came without one. */
  get terms(): LinkTerms | undefined {
    return this.#terms;
  }

  /** Whether a picture of this connection is in the mirror. */
  set hasPicture(hasPicture: boolean) {
    if (hasPicture === this.#known.hasPicture) return;
    this.#known.hasPicture = hasPicture;
    this.#listener.changed();
  }

  connect(): void {
    this.#line?.close();
    this.#known = { connection: { state: "connecting" }, hasPicture: false };
    this.#line = new Line<FromViewer, ToViewer>(() => socketUrl(this.#address, this.#token), {
      opened: () => this.#opened(),
      said: (message) => this.#heard(message),
      data: (frame) => this.#listener.data(frame),
      dropped: (retryMs, refusal) => {
        const retryAt = performance.now() + retryMs;
        const broken = { state: "broken" as const, retryAt };
        this.#known.connection = refusal ? { ...broken, refusal } : broken;
        this.#listener.changed();
      },
      ended: (ending) => this.#over(ending),
    });
    this.#listener.changed();
  }

  /** Says something; false where nobody hears it. */
  say(message: FromViewer): boolean {
    return this.#known.connection.state === "open" && this.#line?.say(message) === true;
  }

  /** Ends the session; later, where the connection is broken now. */
  end(): void {
    this.#wantsEnd = !this.say({ type: "end" });
  }

  #opened(): void {
    this.#known.connection = { state: "open" };
    this.say({ type: "hello", protocol: 1 });
    if (this.#wantsEnd) this.end();
    this.#listener.changed();
  }

  #heard(message: ToViewer): void {
    const listener = this.#listener;
    if (message.type === "welcome") this.#welcomed(message);
    else if (message.type === "session") this.#told(message);
    else if (message.type === "page") listener.page(message.url);
    else if (message.type === "viewport") listener.viewport(message.width, message.height);
    else if (message.type === "resync") listener.resync();
    else if (message.type === "controlDeclined") listener.controlDeclined();
    // A gesture, or a request for control. The latter has no other answer then.
    else if (message.type === "error") listener.refused();
  }

  #welcomed(welcome: ViewerWelcome): void {
    this.#token = welcome.userToken;
    this.#terms = welcome.link;
    const { userToken, link } = welcome;
    this.#memory.write(link ? { userToken, link } : { userToken });
    this.#known.welcome = welcome;
    this.#known.hasPicture = false;
    this.#listener.welcomed(welcome);
  }

  #told(session: ViewerSession): void {
    this.#known.session = session;
    const { backInSeconds } = session;
    if (backInSeconds === undefined || session.visitorConnected) delete this.#known.backUntil;
    else this.#known.backUntil = performance.now() + backInSeconds * 1000;
    this.#listener.told(session);
    this.#listener.changed();
  }

  #over(ending: Ending): void {
    this.#known.ending = ending;
    // Without a `welcome` the link itself is all that tells where to get another.
    const isTrusted = this.#isEmbedded || (ending.by === "refusal" && isVouchedFor(ending.status));
    if (isTrusted) this.#terms ??= termsOf(this.#address.token);
    this.#listener.changed();
  }
}

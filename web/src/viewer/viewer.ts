/** The agents' viewer: composes session, mirror and tools, and shows what comes of them. */
import { element } from "../page/elements.ts";
import type { FromViewer, ViewerSession, ViewerWelcome } from "../wire/messages.ts";
import { type Address, addressOf } from "./address.ts";
import { Card, leaveFor } from "./card.ts";
import { nextColor } from "./colors.ts";
import { Control } from "./control.ts";
import { Embed } from "./embed.ts";
import type { Size } from "./geometry.ts";
import { Head, UNNAMED, visitorOf } from "./head.ts";
import { Ink } from "./ink.ts";
import { Memory } from "./memory.ts";
import { Milestones } from "./milestones.ts";
import { Mirror } from "./mirror.ts";
import { type Failure, pictureOf, type Scene } from "./scene.ts";
import { Session, type SessionListener } from "./session.ts";
import { Stage } from "./stage.ts";
import { Surface } from "./surface.ts";
import { wordsOf } from "./texts.ts";
import { Toolbar } from "./toolbar.ts";
import { Tools } from "./tools.ts";

/** Between two looks at the clock: countdowns, and pictures that have not come. */
const TICK_MS = 1000;
/** A snapshot that is not there after so many looks is asked for again. */
const NUDGE_TICKS = 4;
/** And is late after so many. */
const SLOW_TICKS = 6;

class Viewer implements SessionListener {
  readonly #session: Session;
  readonly #head = new Head();
  readonly #stage = new Stage();
  readonly #ink = new Ink(element("ink", SVGSVGElement), () => this.#mirror.scrolled);
  readonly #say = (message: FromViewer) => this.#session.say(message);
  readonly #tools = new Tools(this.#ink, this.#say);
  readonly #control = new Control(() => this.#mirror.live, this.#say);
  readonly #toolbar = new Toolbar(this.#tools, this.#control, this.#stage);
  readonly #surface = new Surface(this.#stage, this.#tools, this.#control);
  readonly #card = new Card(() => this.#session.connect());
  readonly #milestones = new Milestones((sessionStatus) =>
    this.#embed.say({ type: "sessionStatusUpdate", sessionStatus }),
  );
  readonly #embed: Embed;
  readonly #mirror: Mirror;
  #toldColor = "";
  #isLeaving = false;
  #ticks = 0;

  constructor(address: Address, memory: Memory) {
    this.#session = new Session(address, memory, Embed.isEmbedded, this);
    this.#mirror = new Mirror(element("mirror", HTMLElement), {
      pictured: () => this.#pictured(),
      visible: () => this.#milestones.reach("viewerReady"),
      resized: (size) => this.viewport(size.width, size.height),
      focused: (node) => this.#control.focused(node),
      lost: () => this.#say({ type: "resync" }),
    });
    this.#embed = new Embed({
      endSession: () => this.#session.end(),
      setMode: (mode) => this.#tools.choose(mode),
      switchColor: (color) => {
        this.#tools.color = color ?? nextColor(this.#tools.color);
      },
      requestControl: () => {
        if (this.#control.isOffered) this.#control.request();
        return this.#control.isOffered;
      },
      releaseControl: () => this.#control.release(),
    });
    this.#tools.changed = () => this.#toolsChanged();
    this.#control.changed = () => this.#controlChanged();
    element("end", HTMLButtonElement).addEventListener("click", () => this.#session.end());
    this.#toolsChanged();
    this.#controlChanged();
    this.#session.connect();
    setInterval(() => this.#tick(), TICK_MS);
  }

  welcomed({ permissions }: ViewerWelcome): void {
    this.#mirror.reset();
    this.#tools.permissions = permissions;
    this.#control.permissions = permissions;
    this.#control.welcomed();
    this.#agree();
  }

  told(session: ViewerSession): void {
    const userId = this.#session.welcome?.userId;
    this.#head.visitor = visitorOf(session.users);
    this.#head.people(session.users, userId);
    this.#mirror.live.cursorName = visitorOf(session.users) ?? UNNAMED;
    if (userId !== undefined) this.#control.follow(session, userId);
    if (session.status === "created") this.#milestones.reach("waiting");
    else this.#milestones.reach(session.status);
  }

  data(frame: ArrayBuffer): void {
    this.#mirror.take(frame);
  }

  resync(): void {
    this.#mirror.reset();
  }

  page(url: string): void {
    this.#head.where = url;
  }

  viewport(width: number, height: number): void {
    const size: Size = { width, height };
    this.#stage.resize(size);
    this.#ink.resize(size);
  }

  controlDeclined(): void {
    this.#control.declined();
  }

  refused(): void {
    this.#control.refused();
  }

  /** Shows the scene as it is now. */
  changed(): void {
    const { scene, terms } = this.#session;
    this.#show(scene);
    if (scene.name !== "ended" && scene.name !== "failed") return;
    // Whoever never heard the terms hears of the end nevertheless.
    this.#agree();
    // Nothing will come of a link that does not open: an application that waits is to know.
    if (scene.name === "ended" || HOPELESS.has(scene.why)) this.#milestones.reach("terminated");
    if (scene.name !== "ended") return;
    this.#isLeaving ||= leaveFor(terms?.branding.on_end_url);
  }

  #show(scene: Scene): void {
    const { dataset } = document.documentElement;
    const { terms, state, welcome } = this.#session;
    const isSlow = this.#ticks >= SLOW_TICKS;
    const words = wordsOf(
      scene,
      visitorOf(state?.users) ?? "the visitor",
      secondsUntil(scene),
      isSlow,
    );
    dataset.scene = scene.name;
    dataset.picture = pictureOf(scene);
    // Until it is known how much is wanted, only the card is shown.
    dataset.naked = String(terms?.branding.naked ?? (welcome ? false : "unknown"));
    this.#head.pill = words.pill;
    this.#card.show(scene, words, terms?.branding.retry_url);
    this.#surface.isLive = scene.name === "live";
    this.#toolbar.presence = PRESENCE[pictureOf(scene)];
    document.title = `${words.pill} – co-browsing`;
  }

  /** The link's terms are known, or will not be: the embedding page is spoken with. */
  #agree(): void {
    this.#embed.open(this.#session.terms?.origin);
  }

  #pictured(): void {
    this.#milestones.reach("snapshotReceived");
    this.#session.hasPicture = true;
  }

  #toolsChanged(): void {
    document.documentElement.dataset.mode = this.#tools.mode;
    this.#toolbar.update();
    this.#tellColor();
  }

  #controlChanged(): void {
    document.documentElement.dataset.control = this.#control.state;
    this.#embed.controlled(this.#control.state);
    if (this.#control.isGranted) this.#tools.choose("cursor");
    this.#toolbar.update();
  }

  #tellColor(): void {
    const { color } = this.#tools;
    if (color === this.#toldColor) return;
    this.#toldColor = color;
    this.#embed.say({ type: "currentColor", color });
  }

  #tick(): void {
    const { scene } = this.#session;
    if (TIMED.has(scene.name)) this.#show(scene);
    const isMissing =
      scene.name === "loading" || (scene.name === "live" && !this.#mirror.isCurrent);
    this.#ticks = isMissing ? this.#ticks + 1 : 0;
    if (this.#ticks > 0 && this.#ticks % NUDGE_TICKS === 0) this.#mirror.nudge();
  }
}

/** The toolbar beside a picture. */
const PRESENCE = { current: "ready", stale: "waiting", hidden: "hidden" } as const;

/** Failures that neither another try nor another window mends. */
const HOPELESS = new Set<Failure>(["used", "unknown", "refused", "left", "outdated"]);

/** Scenes whose words change with time. */
const TIMED = new Set<Scene["name"]>(["unavailable", "reconnecting", "left", "loading"]);

function secondsUntil(scene: Scene): number | undefined {
  if (!("until" in scene) || scene.until === undefined) return undefined;
  const seconds = Math.ceil((scene.until - performance.now()) / 1000);
  return seconds > 0 ? seconds : undefined;
}

const address = addressOf(location.href);
if (address) void Memory.of(address.token).then((memory) => new Viewer(address, memory));
else showNoToken();

/** The page was opened without naming a session: nothing to connect to. */
function showNoToken(): void {
  const scene: Scene = { name: "failed", why: "noToken" };
  document.documentElement.dataset.scene = scene.name;
  new Card(() => {}).show(scene, wordsOf(scene, "", undefined), undefined);
}

/** What the visitor sees of a session, and what agents do to the page. Module `panel.js`. */

import { make } from "../page/elements.ts";
import type { Panel, PanelHost } from "../visitor/parts.ts";
import type { EndedBy, SeenGesture, User, VisitorSession } from "../wire/messages.ts";
import { Banner, notice } from "./banner.ts";
import { Control } from "./control.ts";
import { Marks } from "./marks.ts";
import { Overlay } from "./overlay.ts";
import { Question, type QuestionTexts } from "./question.ts";
import { filled, type TextName, type Texts, textsOf } from "./texts.ts";

/** Long enough to be read twice. */
const NOTICE_MS = 10_000;

const ENDED: Record<EndedBy, TextName> = {
  customer: "endedCustomer",
  declined: "endedDeclined",
  agent: "endedAgent",
  operator: "endedOperator",
  timeout: "endedTimeout",
  deserted: "endedDeserted",
};

/** Opens a panel; nothing of it is on the page until there is something to show. */
export function openPanel(host: PanelHost): Panel {
  return new SessionPanel(host);
}

class SessionPanel implements Panel {
  readonly #host: PanelHost;
  readonly #texts: Texts;
  readonly #overlay: Overlay;
  /** Said to those who cannot see it. */
  readonly #said = make("div", "said");
  readonly #control: Control;
  #session: VisitorSession | undefined;
  #banner: Banner | undefined;
  #marks: Marks | undefined;
  #question: Question | undefined;
  #notice: HTMLElement | undefined;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Who asks for control, in their order. */
  readonly #asking = new Map<string, string>();

  constructor(host: PanelHost) {
    this.#host = host;
    this.#texts = textsOf(host.options.texts);
    this.#overlay = new Overlay(this.#texts.language, () => this.#question?.show());
    this.#said.setAttribute("role", "status");
    this.#said.setAttribute("aria-live", "polite");
    this.#overlay.add(this.#said);
    this.#control = new Control({
      options: host.options,
      node: (id) => host.recorder()?.node(id),
      isOurs: (node) => this.#overlay.includes(node),
      hit: (userId, at) => this.#marks?.hit(userId, at),
    });
  }

  show(session: VisitorSession, isConnected: boolean): void {
    this.#session = session;
    this.#dropNotice();
    if (session.status === "terminated") {
      this.#end(session.endedBy);
      return;
    }
    const watching = this.#watching();
    for (const userId of this.#asking.keys()) {
      const isThere = watching.some((user) => user.userId === userId);
      if (!isThere || session.control === userId || session.status !== "active") {
        this.#asking.delete(userId);
      }
    }
    this.#ask();
    if (session.status === "active") this.#showBanner(session, isConnected);
    else this.#hideBanner();
    if (!this.#question && !this.#banner) this.#overlay.close();
  }

  controlRequested(userId: string, name: string | undefined): void {
    if (this.#session?.status !== "active" || this.#session.control === userId) return;
    this.#asking.set(userId, name ?? this.#texts.someone);
    this.#ask();
  }

  seen(gesture: SeenGesture): void {
    const { type, userId } = gesture;
    const marks = this.#marks;
    if (!marks || this.#session?.status !== "active") return;
    if (type === "cursor") marks.cursor(userId, this.#nameOf(userId), gesture);
    else if (type === "pointer") marks.spot(userId, gesture);
    else if (type === "draw") marks.draw(userId, gesture.id, gesture.color, gesture.points);
    else if (type === "clear") marks.clear(userId);
    else if (this.#session.control === userId) this.#control.perform(gesture);
  }

  close(): void {
    this.#asking.clear();
    this.#dropQuestion();
    this.#hideBanner();
    this.#dropNotice();
    this.#session = undefined;
    this.#overlay.close();
  }

  #watching(): User[] {
    return this.#session?.users.filter((user) => user.role !== "customer") ?? [];
  }

  #nameOf(userId: string): string {
    const user = this.#watching().find((user) => user.userId === userId);
    return user?.name ?? this.#texts.someone;
  }

  #names(): string {
    const names = new Set(this.#watching().map((user) => user.name ?? this.#texts.someone));
    return [...names].join(this.#texts.and) || this.#texts.someone;
  }

  #showBanner({ control, users }: VisitorSession, isConnected: boolean): void {
    const texts = this.#texts;
    this.#banner ??= this.#add(
      new Banner(
        texts,
        () => this.#host.end(),
        () => this.#takeBack(),
      ),
    );
    this.#marks ??= this.#add(new Marks());
    this.#marks.keep(new Set(users.map((user) => user.userId)));
    this.#overlay.open();
    const words = control
      ? filled(texts.controlled, { name: this.#nameOf(control) })
      : filled(texts.watched, { names: this.#names() });
    this.#banner.show({ words, isAway: !isConnected, isControlled: control !== undefined });
    this.#say(isConnected ? words : `${words} ${texts.reconnecting}`);
  }

  #hideBanner(): void {
    this.#banner?.element.remove();
    this.#marks?.close();
    this.#banner = this.#marks = undefined;
  }

  #takeBack(): void {
    const control = this.#session?.control;
    if (control) this.#host.control(control, false);
  }

  /** Asks what is to be asked now, if that is not asked already. */
  #ask(): void {
    const wanted = this.#wanted();
    if (this.#question?.key === wanted?.key) return;
    this.#dropQuestion();
    if (!wanted) return;
    this.#question = this.#add(
      new Question(wanted.key, wanted.texts, (accepted) => {
        this.#dropQuestion();
        wanted.answer(accepted);
      }),
    );
    if (this.#overlay.isThere) this.#question.show();
    else this.#overlay.open();
  }

  #wanted(): { key: string; texts: QuestionTexts; answer(accepted: boolean): void } | undefined {
    const session = this.#session;
    const texts = this.#texts;
    if (session?.status === "pendingRequest") {
      const title = filled(texts.consentTitle, { names: this.#names() });
      const lines = [texts.consentShown, texts.consentHidden, texts.consentStop];
      return {
        // Who would see it is what the visitor agrees to.
        key: `consent ${session.sessionToken} ${title}`,
        texts: { title, lines, yes: texts.allow, no: texts.decline },
        answer: (accepted) => this.#host.consent(accepted),
      };
    }
    const [userId, name] = this.#asking.entries().next().value ?? [];
    if (userId === undefined || name === undefined) return undefined;
    const title = filled(texts.controlTitle, { name });
    return {
      key: `control ${userId}`,
      texts: {
        title,
        lines: [texts.controlText],
        yes: texts.allowControl,
        no: texts.declineControl,
      },
      answer: (granted) => {
        this.#asking.delete(userId);
        this.#host.control(userId, granted);
        this.#ask();
      },
    };
  }

  #dropQuestion(): void {
    this.#question?.close();
    this.#question = undefined;
  }

  #end(by: EndedBy | undefined): void {
    this.#asking.clear();
    this.#dropQuestion();
    this.#hideBanner();
    const text = this.#texts[by ? ENDED[by] : "ended"];
    const shown = notice(text, this.#texts.dismiss, () => this.close());
    this.#notice = shown;
    this.#overlay.add(shown);
    this.#overlay.open();
    this.#say(text);
    this.#noticeTimer = setTimeout(() => this.close(), NOTICE_MS);
  }

  #dropNotice(): void {
    clearTimeout(this.#noticeTimer);
    this.#notice?.remove();
    this.#notice = undefined;
  }

  #add<Part extends { element: Element }>(part: Part): Part {
    this.#overlay.add(part.element);
    return part;
  }

  #say(text: string): void {
    if (this.#said.textContent !== text) this.#said.textContent = text;
  }
}

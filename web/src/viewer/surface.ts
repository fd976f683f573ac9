/** The agent's mouse and fingers on the picture: to the tools, or to the page while in control. */
import { element } from "../page/elements.ts";
import type { Point } from "../wire/messages.ts";
import type { Control } from "./control.ts";
import type { Stage } from "./stage.ts";
import type { Tools } from "./tools.ts";

export class Surface {
  readonly #stage: Stage;
  readonly #tools: Tools;
  readonly #control: Control;
  readonly #spot = element("spot", HTMLElement);
  /** Nothing the agent does reaches a picture that is not of now. */
  isLive = false;

  constructor(stage: Stage, tools: Tools, control: Control) {
    this.#stage = stage;
    this.#tools = tools;
    this.#control = control;
    const { surface } = stage;
    surface.addEventListener("pointermove", (event) => this.#moved(event));
    surface.addEventListener("pointerdown", (event) => this.#pressed(event));
    surface.addEventListener("pointerup", () => tools.lift());
    surface.addEventListener("pointercancel", () => tools.lift());
    surface.addEventListener("pointerleave", () => this.#left());
    surface.addEventListener("click", (event) => this.#clicked(event));
    surface.addEventListener("auxclick", (event) => this.#clicked(event));
    surface.addEventListener("contextmenu", (event) => {
      if (!this.#acts) return;
      event.preventDefault();
      this.#clicked(event);
    });
    surface.addEventListener("wheel", (event) => this.#turned(event), { passive: false });
  }

  /** Whether clicks are the page's. */
  get #acts(): boolean {
    return this.isLive && this.#control.isGranted && this.#tools.mode === "cursor";
  }

  #moved(event: PointerEvent): void {
    if (!this.isLive) return;
    const merged = event.getCoalescedEvents();
    const points = (merged.length > 0 ? merged : [event])
      .map((one) => this.#stage.pointOf(one))
      .filter((point) => point !== undefined);
    this.#light(points.at(-1));
    this.#tools.move(points);
  }

  #pressed(event: PointerEvent): void {
    const point = this.#stage.pointOf(event);
    if (!this.isLive || !point || event.button !== 0) return;
    if (this.#tools.mode === "draw") {
      event.preventDefault();
      this.#stage.surface.setPointerCapture(event.pointerId);
    }
    this.#light(point);
    this.#tools.press(point);
  }

  #clicked(event: MouseEvent): void {
    if (!this.#acts) return;
    // The right button comes as `contextmenu` and, in some browsers, as `auxclick` as well.
    if (event.type === "auxclick" && event.button !== 1) return;
    const point = this.#stage.pointOf(event);
    if (point) this.#control.click(point, event.button);
  }

  #turned(event: WheelEvent): void {
    // With Ctrl a wheel zooms the agent's own page.
    if (!this.isLive || !this.#control.isGranted || event.ctrlKey) return;
    const point = this.#stage.pointOf(event);
    if (!point) return;
    event.preventDefault();
    this.#control.wheel(point, event);
  }

  #left(): void {
    this.#spot.hidden = true;
  }

  /** The ring of the spotlight, where the visitor sees it. */
  #light(point: Point | undefined): void {
    this.#spot.hidden = this.#tools.mode !== "pointer" || !point;
    if (!point) return;
    const { scale } = this.#stage;
    this.#spot.style.left = `${point.x * scale}px`;
    this.#spot.style.top = `${point.y * scale}px`;
  }
}

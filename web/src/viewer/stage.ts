/** Where the mirror lies: scaled to fit or at full size, and the way from the screen to the page. */
import { element } from "../page/elements.ts";
import type { Point } from "../wire/messages.ts";
import { type Size, scaleOf, toPage, type Zoom } from "./geometry.ts";

export class Stage {
  /** The area the picture has. */
  readonly #area = element("stage", HTMLElement);
  /** As large as the picture is on the screen. */
  readonly #frame = element("frame", HTMLElement);
  /** As large as the visitor's viewport, and scaled. */
  readonly canvas = element("canvas", HTMLElement);
  /** Takes the agent's mouse, above everything. */
  readonly surface = element("surface", HTMLElement);
  #page: Size | undefined;
  #zoom: Zoom = "fit";
  #scale = 1;

  constructor() {
    new ResizeObserver(() => this.#arrange()).observe(this.#area);
  }

  get zoom(): Zoom {
    return this.#zoom;
  }

  set zoom(zoom: Zoom) {
    this.#zoom = zoom;
    this.#arrange();
  }

  /** Screen pixels for a CSS pixel of the visitor. */
  get scale(): number {
    return this.#scale;
  }

  get page(): Size | undefined {
    return this.#page;
  }

  /** The visitor's viewport has this size now. */
  resize(page: Size): void {
    this.#page = page;
    for (const iframe of this.canvas.querySelectorAll("iframe")) {
      iframe.setAttribute("width", String(page.width));
      iframe.setAttribute("height", String(page.height));
    }
    this.#arrange();
  }

  /** Where on the visitor's viewport something happened; undefined while nothing is shown. */
  pointOf({ clientX, clientY }: Pick<MouseEvent, "clientX" | "clientY">): Point | undefined {
    if (!this.#page) return undefined;
    const shown = this.canvas.getBoundingClientRect();
    return toPage({ x: clientX, y: clientY }, shown, this.#page);
  }

  #arrange(): void {
    if (!this.#page) return;
    const { width, height } = this.#page;
    const style = getComputedStyle(this.#area);
    const room = {
      width: this.#area.clientWidth - Number.parseFloat(style.paddingLeft) * 2,
      height:
        this.#area.clientHeight -
        Number.parseFloat(style.paddingTop) -
        Number.parseFloat(style.paddingBottom),
    };
    this.#scale = scaleOf(this.#page, room, this.#zoom);
    this.#frame.style.width = `${width * this.#scale}px`;
    this.#frame.style.height = `${height * this.#scale}px`;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.style.transform = this.#scale === 1 ? "" : `scale(${this.#scale})`;
    this.#frame.style.setProperty("--scale", String(this.#scale));
    this.#area.dataset.zoom = this.#zoom;
  }
}

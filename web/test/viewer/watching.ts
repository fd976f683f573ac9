/** What tests of the viewer share: a node, a shop and an application, a desk, and looks at the viewer. */
import type { Frame, FrameLocator, Page } from "playwright-core";
import { Baton } from "../support/baton.ts";
import { Browser } from "../support/browser.ts";
import { Desk } from "../support/desk.ts";
import { PageServer } from "../support/pages.ts";
import { documentOf, node, SIZE, Visitor } from "./visitor.ts";

export class Watching {
  readonly shop: PageServer;
  /** Another origin: the agents' application, and places that nobody should be led to. */
  readonly app: PageServer;
  readonly baton: Baton;
  readonly browser: Browser;
  readonly desk: Desk;

  private constructor(
    shop: PageServer,
    app: PageServer,
    baton: Baton,
    browser: Browser,
    desk: Desk,
  ) {
    this.shop = shop;
    this.app = app;
    this.baton = baton;
    this.browser = browser;
    this.desk = desk;
  }

  static async start(settings: Record<string, string> = {}): Promise<Watching> {
    const [shop, app] = await Promise.all([PageServer.start(), PageServer.start()]);
    const baton = await Baton.start({
      BATON_COBROWSE__ALLOWED_ORIGINS: `${shop.origin},${app.origin}`,
      ...settings,
    });
    return new Watching(shop, app, baton, await Browser.start(), await Desk.of(baton));
  }

  async stop(): Promise<void> {
    await this.browser.stop();
    await this.baton.stop();
    await Promise.all([this.shop.stop(), this.app.stop()]);
  }

  visitor(html?: string): Promise<Visitor> {
    return Visitor.arrive(this, html);
  }

  /** A viewer opened by a new link for the visitor. */
  async viewer(visitor: Visitor, terms: object = {}): Promise<Page> {
    return this.open(await this.desk.link(visitor.uniqueId, terms));
  }

  async open(url: string, viewport = { width: 1280, height: 800 }): Promise<Page> {
    const page = await this.browser.page({ viewport });
    await page.goto(url);
    return page;
  }

  /** A visitor who shows a document to a viewer. */
  async live(
    document = shopPage(),
    terms: object = {},
  ): Promise<{ visitor: Visitor; viewer: Page }> {
    const visitor = await this.visitor();
    const viewer = await this.viewer(visitor, terms);
    await visitor.accept();
    await visitor.shows(document);
    await scene(viewer, "live");
    return { visitor, viewer };
  }
}

/** A page of some length: a heading, and the given content. */
export function shopPage(...body: object[]): object {
  return documentOf([node("h1", {}, ["Shop"]), ...body]);
}

/** Waits until the viewer shows this scene. */
export async function scene(viewer: Page | Frame, name: string): Promise<void> {
  await viewer.locator(`html[data-scene="${name}"]`).waitFor();
}

/** The document in the mirror. */
export function mirror(viewer: Page | Frame): FrameLocator {
  return viewer.frameLocator("#mirror iframe");
}

/** Where a point of the visitor's viewport is on the viewer's screen. */
export async function onScreen(
  viewer: Page,
  x: number,
  y: number,
  size = SIZE,
): Promise<{ x: number; y: number }> {
  const box = await viewer.locator("#surface").boundingBox();
  if (!box) throw new Error("no picture on the stage");
  return { x: box.x + (x / size.width) * box.width, y: box.y + (y / size.height) * box.height };
}

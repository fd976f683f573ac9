/** A shop of a customer, on its own origin, whose pages include the visitor script; and those who help there. */
import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import type { Options } from "../../src/visitor/parts.ts";
import type { Agent } from "../support/agent.ts";
import { Baton } from "../support/baton.ts";
import { Browser } from "../support/browser.ts";
import { Desk } from "../support/desk.ts";
import { Outage } from "../support/outage.ts";
import { Overlay } from "../support/overlay.ts";
import { PageServer } from "../support/pages.ts";
import { POLL } from "../support/patience.ts";
import { standIn } from "./recorder-stand-in.ts";

/** A person with the shop open. */
export interface Customer {
  page: Page;
  /** The paths that the page asked for. */
  loaded: string[];
  context: BrowserContext;
}

export class Shop {
  readonly baton: Baton;
  readonly site: PageServer;
  readonly browser: Browser;
  /** Between the pages that are opened `from` it and the node. */
  readonly outage: Outage;
  readonly desk: Desk;
  /** The `uniqueId` of the next page's visitor: another one in each test. */
  visitor = "visitor-0";
  #visitors = 0;

  private constructor(parts: Pick<Shop, "baton" | "site" | "browser" | "outage" | "desk">) {
    this.baton = parts.baton;
    this.site = parts.site;
    this.browser = parts.browser;
    this.outage = parts.outage;
    this.desk = parts.desk;
  }

  static async open(): Promise<Shop> {
    const site = await PageServer.start();
    const baton = await Baton.start({ BATON_COBROWSE__ALLOWED_ORIGINS: site.origin });
    const outage = await Outage.before(baton.origin);
    const browser = await Browser.start();
    return new Shop({ baton, site, browser, outage, desk: await Desk.of(baton) });
  }

  /** Before each test. */
  nextVisitor(): void {
    this.#visitors += 1;
    this.visitor = `visitor-${this.#visitors}`;
  }

  /** After each test. */
  async tidy(): Promise<void> {
    this.outage.mend();
    await this.browser.tidy();
  }

  async close(): Promise<void> {
    await this.browser.stop();
    await this.outage.stop();
    await this.baton.stop();
    await this.site.stop();
  }

  /** A page with the script. */
  html(body: string, options: Options = {}, node = this.baton.origin): string {
    const config = JSON.stringify({ uniqueId: this.visitor, ...options });
    return `<!doctype html><html lang="en"><title>Shop</title><body>${body}
      <script>window.BatonConfig = ${config}</script>
      <script async src="${node}/cobrowse/assets/visitor.js"></script>`;
  }

  /** A person opens /shop; there is /other as well. */
  async customer(options: Options = {}, node = this.baton.origin): Promise<Customer> {
    const context = await this.browser.context();
    await standIn(context);
    const page = await context.newPage();
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    const body = "<h1>Shop</h1><button>Buy</button>";
    this.site.serve("/other", { html: this.html("<h1>Other</h1>", options, node) });
    await page.goto(this.site.serve("/shop", { html: this.html(body, options, node) }));
    return { page, loaded, context };
  }

  /** Waits until the page stands there. */
  async reaches(page: Page, status: string): Promise<void> {
    await expect.poll(() => page.evaluate(() => window.Baton?.status), POLL).toBe(status);
  }
}

/** The person lets the agent see the page. */
export async function accept(page: Page, agent: Agent): Promise<Overlay> {
  const overlay = await Overlay.of(page);
  await overlay.click("button", "Allow");
  await agent.reaches("active");
  await overlay.find("button", "Stop sharing");
  await agent.sees();
  return overlay;
}

/** How many recorders run in a page: there must never be two. */
export function recorders(page: Page): Promise<number> {
  return page.evaluate(() => Number((window as { recorders?: number }).recorders ?? 0));
}

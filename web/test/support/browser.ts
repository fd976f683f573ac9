/** A real browser for a test, which complains of what pages must not do. */
import {
  type BrowserContext,
  type Browser as Chromium,
  chromium,
  type Page,
} from "playwright-core";
import { expect } from "vitest";
import { PATIENCE_MS } from "./patience.ts";

export class Browser {
  readonly #chromium: Chromium;
  #contexts: BrowserContext[] = [];
  #complaints: string[] = [];

  private constructor(browser: Chromium) {
    this.#chromium = browser;
  }

  static async start(): Promise<Browser> {
    return new Browser(
      await chromium.launch({
        executablePath: process.env.BATON_CHROMIUM ?? "/usr/bin/chromium",
        args: ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      }),
    );
  }

  /** A person with a browser of their own: no storage is shared with anybody. */
  async context(options?: Parameters<Chromium["newContext"]>[0]): Promise<BrowserContext> {
    const context = await this.#chromium.newContext(options);
    this.#contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    context.on("weberror", (error) => this.#complaints.push(error.error().message));
    context.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.#complaints.push(message.text());
    });
    return context;
  }

  /** A page of a person who has no other. */
  async page(options?: Parameters<Chromium["newContext"]>[0]): Promise<Page> {
    return (await this.context(options)).newPage();
  }

  /** Closes every page; fails where one threw, or violated its content security policy. */
  async tidy(): Promise<void> {
    const complaints = this.#complaints;
    await Promise.all(this.#contexts.map((context) => context.close()));
    this.#contexts = [];
    this.#complaints = [];
    expect(complaints).toEqual([]);
  }

  /** Takes what was complained of so far: for tests that provoke it. */
  complaints(): string[] {
    return this.#complaints.splice(0);
  }

  async stop(): Promise<void> {
    await this.#chromium.close();
  }
}

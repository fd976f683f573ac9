/** A visitor for tests of viewers, and the desk that watches: see visitor-stand-in.ts. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { ToVisitor } from "../../src/wire/messages.ts";
import type { Baton } from "../support/baton.ts";
import type { Browser } from "../support/browser.ts";
import type { PageServer } from "../support/pages.ts";
import { POLL } from "../support/patience.ts";

/** The page that is watched, unless a test shows another. */
export const SIZE = { width: 1000, height: 600 };

/** A script that is bundled for a test, as text. */
export async function bundled(file: string, globalName?: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    ...(globalName ? { globalName } : {}),
  });
  return outputFiles[0]?.text ?? "";
}

let standIn: Promise<string> | undefined;

export class Visitor {
  readonly page: Page;
  readonly uniqueId: string;

  private constructor(page: Page, uniqueId: string) {
    this.page = page;
    this.uniqueId = uniqueId;
  }

  /** A visitor of a shop, with this page open, who is online. */
  static async arrive(
    { browser, baton, shop }: { browser: Browser; baton: Baton; shop: PageServer },
    html = "<!doctype html><title>Shop</title><h1>Shop</h1>",
  ): Promise<Visitor> {
    const page = await browser.page({ viewport: SIZE });
    const visitor = new Visitor(page, crypto.randomUUID());
    await page.goto(shop.serve(`/shop/${visitor.uniqueId}`, { html }));
    standIn ??= bundled("visitor-stand-in.ts");
    await page.evaluate(await standIn);
    await page.evaluate(([origin, id]) => window.standIn.connect(origin, id), [
      baton.origin,
      visitor.uniqueId,
    ] as const);
    await visitor.hears("welcome");
    return visitor;
  }

  /** Waits until the newest message of this type holds these members. */
  async hears(type: ToVisitor["type"], members: object = {}): Promise<void> {
    await expect
      .poll(() => this.page.evaluate((type) => window.standIn.last(type), type), POLL)
      .toMatchObject({ type, ...members });
  }

  /** Everything of this type that came so far. */
  heard<Type extends ToVisitor["type"]>(type: Type): Promise<Extract<ToVisitor, { type: Type }>[]> {
    return this.page.evaluate(
      (type) => window.standIn.heard.filter((message) => message.type === type),
      type,
    ) as Promise<Extract<ToVisitor, { type: Type }>[]>;
  }

  async accept(): Promise<void> {
    await this.hears("session", { status: "pendingRequest" });
    await this.page.evaluate(() => window.standIn.say({ type: "consent", accepted: true }));
    await this.hears("session", { status: "active" });
  }

  /** Grants the one who asked. */
  async grant(): Promise<void> {
    await this.hears("controlRequest");
    await this.page.evaluate(() => {
      const userId = window.standIn.last("controlRequest")?.userId ?? "";
      window.standIn.say({ type: "control", userId, granted: true });
    });
  }

  /** Shows a document: rrweb's serialised node, as `document()` below makes it. */
  async shows(node: object, size = SIZE): Promise<void> {
    await this.page.evaluate(({ node, size }) => window.standIn.snapshot(node, size), {
      node,
      size,
    });
  }

  async delta(...data: object[]): Promise<void> {
    await this.page.evaluate((data) => window.standIn.delta(...data), data);
  }

  async volatile(...data: object[]): Promise<void> {
    await this.page.evaluate((data) => window.standIn.volatile(...data), data);
  }
}

let ids = 10;

/** An element, as rrweb serialises it; `id` where a test needs to know it. */
export function node(
  tagName: string,
  attributes: Record<string, unknown> = {},
  children: (object | string)[] = [],
  id = nextId(),
): object {
  const childNodes = children.map((child) =>
    typeof child === "string" ? { type: 3, textContent: child, id: nextId() } : child,
  );
  return { type: 2, tagName, attributes, childNodes, id };
}

/** A whole document. Its `body` has the id 4. */
export function documentOf(body: object[], head: object[] = []): object {
  return {
    type: 0,
    id: 1,
    childNodes: [
      { type: 1, name: "html", publicId: "", systemId: "", id: 2 },
      node("html", {}, [node("head", {}, head), node("body", {}, body, 4)], 3),
    ],
  };
}

/** The change that adds a node as the last child of `parentId`: each node of it on its own, as rrweb does. */
export function added(node: object, parentId = 4): object {
  const adds = flat(node as Serialised, parentId);
  return { source: 0, adds, removes: [], texts: [], attributes: [] };
}

interface Serialised {
  id: number;
  childNodes?: Serialised[];
}

function flat(node: Serialised, parentId: number): object[] {
  const { childNodes = [], ...alone } = node;
  const itself = { parentId, nextId: null, node: { ...alone, childNodes: [] } };
  return [itself, ...childNodes.flatMap((child) => flat(child, node.id))];
}

/** The change that sets attributes of a node. */
export function changed(id: number, attributes: Record<string, unknown>): object {
  return { source: 0, adds: [], removes: [], texts: [], attributes: [{ id, attributes }] };
}

function nextId(): number {
  ids += 1;
  return 100 + ids;
}

/**
 * What a person finds in the overlay of the visitor script, by role and name.
 *
 * Its shadow root is closed: no locator reaches into it. The accessibility tree does.
 */
import type { CDPSession, Page } from "playwright-core";
import { expect } from "vitest";
import { POLL } from "./patience.ts";

interface Found {
  role: string;
  name: string;
  isDisabled: boolean;
  isFocused: boolean;
  description: string;
  backendNodeId: number;
}

export class Overlay {
  readonly #page: Page;
  readonly #session: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async of(page: Page): Promise<Overlay> {
    const session = await page.context().newCDPSession(page);
    await session.send("DOM.enable");
    return new Overlay(page, session);
  }

  /** All of a role whose name fits, on the whole page. */
  async all(role: string, name: string | RegExp): Promise<Found[]> {
    const { nodes } = await this.#session.send("Accessibility.getFullAXTree");
    return nodes
      .filter((node) => !node.ignored)
      .map((node) => {
        const property = (name: string) =>
          node.properties?.find((it) => it.name === name)?.value.value === true;
        return {
          role: String(node.role?.value ?? ""),
          name: String(node.name?.value ?? ""),
          description: String(node.description?.value ?? ""),
          isDisabled: property("disabled"),
          isFocused: property("focused"),
          backendNodeId: node.backendDOMNodeId ?? 0,
        };
      })
      .filter((it) => it.role === role)
      .filter((it) => (typeof name === "string" ? it.name === name : name.test(it.name)));
  }

  /** Waits until it is there, and can be used. */
  async find(role: string, name: string | RegExp): Promise<Found> {
    let found: Found | undefined;
    await expect
      .poll(async () => {
        found = (await this.all(role, name)).find((it) => !it.isDisabled);
        return found?.role;
      }, POLL)
      .toBe(role);
    if (!found) throw new Error(`no ${role} ${name}`);
    return found;
  }

  async isGone(role: string, name: string | RegExp): Promise<void> {
    await expect.poll(async () => (await this.all(role, name)).length, POLL).toBe(0);
  }

  /** Where it is in the window. */
  async box(
    role: string,
    name: string | RegExp,
  ): Promise<{ x: number; y: number; width: number; height: number }> {
    const { backendNodeId } = await this.find(role, name);
    const { model } = await this.#session.send("DOM.getBoxModel", { backendNodeId });
    const [x = 0, y = 0] = model.border;
    return { x, y, width: model.width, height: model.height };
  }

  /** As a person does, with the mouse. */
  async click(role: string, name: string | RegExp): Promise<void> {
    const { x, y, width, height } = await this.box(role, name);
    await this.#page.mouse.click(x + width / 2, y + height / 2);
  }

  /** The elements of the overlay that a style sheet's class names; for what has no role. */
  async count(className: string): Promise<number> {
    const classes = await this.attributes("class");
    return classes.filter((names) => names.split(" ").includes(className)).length;
  }

  /** All values of an attribute, on the whole page. */
  async attributes(name: string): Promise<string[]> {
    const { nodes } = await this.#session.send("DOM.getFlattenedDocument", {
      depth: -1,
      pierce: true,
    });
    return nodes.flatMap(({ attributes = [] }) =>
      attributes.filter((_, i) => i % 2 === 1 && attributes[i - 1] === name),
    );
  }
}

/** A page to order on, which an agent sees or controls. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Options } from "../../src/visitor/parts.ts";
import type { FromViewer } from "../../src/wire/messages.ts";
import type { Agent } from "../support/agent.ts";
import { Overlay } from "../support/overlay.ts";
import { POLL } from "../support/patience.ts";
import { standIn } from "./recorder-stand-in.ts";
import type { Shop } from "./shop.ts";

/** `data-id` is what the stand-in recorder takes for the id of a node. */
const ORDER = `<h1>Order</h1>
  <form action="/sent" style="display: grid; gap: 8px; justify-items: start">
    <input data-id="1" aria-label="Name" maxlength="8">
    <label data-id="2"><input data-id="3" type="checkbox"> Gift</label>
    <select data-id="4"><option>Red</option><option>Blue</option></select>
    <input data-id="5" type="file">
    <input data-id="6" aria-label="Card" data-baton-mask>
    <textarea data-id="7" aria-label="Note">abc</textarea>
    <input data-id="8" type="number" value="1">
    <input data-id="9" readonly value="fixed">
    <button data-id="10">Send</button>
    <button data-id="11" type="button">Count</button>
    <label data-id="12">Hidden card <input data-baton-mask type="checkbox" id="masked"></label>
    <label data-id="13">File <input type="file"></label>
    <x-send data-id="17">Send</x-send>
    <button data-id="18" type="button">Send checked</button>
  </form>
  <p data-id="14" contenteditable>Dear</p>
  <a data-id="15" href="#there">There</a>
  <div data-id="16" style="height: 100px; overflow: auto"><div style="height: 900px">long</div></div>
  <div style="height: 3000px"></div>
  <script>
    window.heard = [];
    document.addEventListener("submit", () => heard.push("submit"), true);
    for (const type of ["pointerdown", "mousedown", "focusin", "pointerup", "mouseup", "click", "auxclick",
      "contextmenu", "beforeinput", "input", "change", "keydown", "keyup"]) {
      addEventListener(type, (event) => {
        const id = event.target.dataset?.id;
        if (id) heard.push(type + " " + id + (event.key ? " " + event.key : ""));
      }, true);
    }
    customElements.define("x-send", class extends HTMLElement {
      static formAssociated = true;
      internals = this.attachInternals();
      connectedCallback() {
        const root = this.attachShadow({ mode: "open" });
        root.innerHTML = "<button type=submit><slot></slot></button>";
        this.addEventListener("click", () => this.internals.form.requestSubmit());
      }
    });
    document.querySelector('[data-id="18"]').addEventListener("click", async ({ target }) => {
      await Promise.resolve();
      heard.push("checked");
      target.form.requestSubmit();
    });
    for (const id of [5, 13]) {
      const field = document.querySelector('[data-id="' + id + '"]');
      (field.control ?? field).addEventListener("click", (event) => {
        event.preventDefault();
        heard.push("file");
      });
    }
  </script>`;

export interface Shared {
  page: Page;
  agent: Agent;
  overlay: Overlay;
  userId: string;
}

/** A page that Ann sees. */
export async function share(shop: Shop, options: Options = {}): Promise<Shared> {
  const context = await shop.browser.context();
  await standIn(context);
  const page = await context.newPage();
  shop.site.serve("/sent", { html: "<title>Sent</title>" });
  await page.goto(shop.site.serve("/order", { html: shop.html(ORDER, options) }));
  const agent = await shop.desk.watch(shop.visitor);
  const overlay = await Overlay.of(page);
  await overlay.click("button", options.texts?.allow ?? "Allow");
  await agent.sees();
  return { page, agent, overlay, userId: agent.welcome?.userId ?? "" };
}

/** A page that Ann also controls. */
export async function control(shop: Shop, options: Options = {}): Promise<Shared> {
  const it = await share(shop, options);
  it.agent.say({ type: "requestControl" });
  await it.overlay.find("dialog", "Ann would like to control this page");
  await it.overlay.click("button", "Give control");
  await expect.poll(() => it.agent.session?.control, POLL).toBe(it.userId);
  return it;
}

/** Does these, and waits until the page has heard of the last one. */
export async function does({ page, agent }: Shared, ...gestures: FromViewer[]): Promise<string[]> {
  await page.evaluate(() => {
    (window as unknown as { heard: string[] }).heard = [];
  });
  // Whatever is refused leaves no trace: what comes after it does.
  for (const gesture of [...gestures, { type: "click", node: 11, x: 1, y: 1 } as const])
    agent.say(gesture);
  await expect.poll(() => heard(page), POLL).toContain("click 11");
  const all = await heard(page);
  return all.slice(0, all.indexOf("pointerdown 11"));
}

export function heard(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

export function value(page: Page, id: number): Promise<string> {
  return page.locator(`[data-id="${id}"]`).inputValue();
}

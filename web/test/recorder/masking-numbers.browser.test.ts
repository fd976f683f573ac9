/** Card numbers wherever they are, and what a page repeats of a masked field. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Browser } from "../support/browser.ts";
import { told } from "./leaks.ts";
import { Recording } from "./recording.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(async () => {
  await browser?.stop();
});
afterEach(async () => {
  await browser.tidy();
});

const CARD = "4111 1111 1111 1111";

test("card numbers, wherever they are", async () => {
  const recording = await Recording.open(browser, {
    html: `<head><title>${CARD}</title></head><body data-baton-unmask>
      <p id="p">Your card ${CARD} 12/27</p><p title="${CARD}" aria-label="${CARD}">x</p>
      <img alt="4111-1111-1111-1111"><a href="/card/4111111111111111">x</a>
      <input id="field"><input value="${CARD}"><select><option selected>4111111111111111</option></select>
      <input id="1" maxlength="4"><input id="2"><p>4111\u00a01111\u00a01111\u00a01111</p></body>`,
    path: "/pay/4111111111111111",
  });
  const { page } = recording;
  await recording.settled();
  await page.locator("#field").pressSequentially(CARD);
  await page.locator("#field").press("End");
  for (let i = 0; i < 4; i++) await page.locator("#field").press("Backspace");
  await page.locator("#p").evaluate((p: HTMLElement, card) => {
    p.textContent = `${card}.`;
    p.title = card;
  }, CARD);
  await recording.settled();
  await page.evaluate(() => window.bench.recorder.snapshot());
  const all = await told(recording);
  // Of what is typed the issuer's digits only, at any time.
  expect(all).not.toMatch(/4111\D{0,2}111[^*]/);
  expect(all).toContain("Your card **** **** **** **** 12/27");
  expect(all).toContain("411");
});

test("a field that is being typed into shows its digits when they are committed", async () => {
  const recording = await Recording.open(browser, {
    html: `<body data-baton-unmask><input id="phone"><button>Next</button></body>`,
  });
  await recording.page.locator("#phone").pressSequentially("0170 1234567");
  expect(JSON.stringify(await recording.settled())).not.toContain("0170 1234567");
  await recording.page.locator("button").focus();
  expect(JSON.stringify(await recording.settled())).toContain("0170 1234567");
});

test("what the page repeats of a masked field while somebody writes", async () => {
  const recording = await Recording.open(browser, {
    html: `<body><input id="card" autocomplete="cc-number"><input id="name"><div contenteditable id="note"></div>
      <p id="preview">Public preview</p><p id="digits"><b>_</b><b>_</b><b>_</b><b>_</b></p><h2 id="hello">Hello</h2>
      <img id="avatar" src="/none.png"><p id="draft">Public draft</p><p>Public sentinella</p></body>`,
  });
  const { page } = recording;
  await recording.settled();
  await page.evaluate(() => {
    const get = (id: string) => document.getElementById(id) as HTMLInputElement;
    const card = get("card");
    card.addEventListener("input", () => {
      get("preview").textContent = `${card.value} 12/27`;
      card.value.split("").forEach((digit, i) => {
        const cell = get("digits").children[i];
        if (cell) cell.textContent = digit;
      });
    });
    get("name").addEventListener("input", () => {
      const { value } = get("name");
      get("hello").textContent = `Hello ${value.toUpperCase()}!`;
      get("hello").title = value;
      (document.getElementById("avatar") as HTMLImageElement).src =
        `/a?n=${encodeURIComponent(value)}`;
    });
    get("note").addEventListener("input", () => {
      get("draft").innerHTML = `<i>${get("note").textContent}</i>`;
    });
  });
  await page.locator("#card").pressSequentially("4929 8381 7264 589");
  await page.locator("#name").pressSequentially("Zoe Sentinella");
  await page.locator("#note").pressSequentially("My gout again");
  await recording.settled();
  await page.evaluate(() => window.bench.recorder.snapshot());
  await recording.settled();
  // The field is cleared, what it was stands there still.
  await page.locator("#card").fill("");
  await page.locator("#name").evaluate((field: HTMLInputElement) => field.remove());
  await page.evaluate(() => window.bench.recorder.restart(9));
  const all = await told(recording);
  const snapshots = (await recording.frames()).filter(({ kind }) => kind === 1);
  expect(snapshots.length).toBe(3);
  expect(all).not.toMatch(/4929|8381|7264|492\d|"(4|49|9|2)"/);
  expect(all.toLowerCase()).not.toMatch(/zoe s|zoe%20s|my g|gout/);
  // Told before anybody wrote it.
  expect(all.split("Public sentinella").length).toBe(4);
  expect(all).toContain("****** 12/27");
  expect(all).toContain("Hello ******!");
});

test("a number in a field that may be seen is repeated when it is committed, not before", async () => {
  const recording = await Recording.open(browser, {
    html: `<body data-baton-unmask><input id="phone"><p id="p"></p><button>Next</button></body>`,
  });
  const { page } = recording;
  await recording.settled();
  await page.evaluate(() => {
    const [field, p] = [document.querySelector("input"), document.querySelector("p")];
    const repeat = () => {
      if (p) p.textContent = `Call ${field?.value}`;
    };
    field?.addEventListener("input", repeat);
    document.querySelector("button")?.addEventListener("focus", repeat);
  });
  await page.locator("#phone").pressSequentially("41111111111");
  expect(JSON.stringify(await recording.settled())).not.toContain("4111111");
  await page.locator("button").focus();
  expect(JSON.stringify(await recording.settled())).toContain("Call 41111111111");
});

test("a book in a masked field hides what is new beside it, and stops nothing", async () => {
  const recording = await Recording.open(browser, {
    html: `<body><textarea></textarea><p>Public</p></body>`,
  });
  const { page } = recording;
  await recording.settled();
  await page.evaluate(() => {
    const area = document.querySelector("textarea") as HTMLTextAreaElement;
    area.focus();
    area.value = Array.from({ length: 5_000 }, (_, i) => `Line ${i} (of many) …`).join("\n");
    (document.querySelector("p") as HTMLElement).textContent = "Line 7 (of many) …";
  });
  const frames = await recording.settled();
  expect(JSON.stringify(frames)).not.toContain("Line 7");
  expect(frames.filter(({ kind }) => kind === 1).length).toBe(1);
});

/**
 * Nothing private leaves the browser: secrets in every place of a page that could tell them, and a
 * search through everything that was sent, in every form they could have.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Browser } from "../support/browser.ts";
import { forgetSecrets, leaks, secret, told } from "./leaks.ts";
import { Recording, type Setup } from "./recording.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(async () => {
  await browser?.stop();
});
afterEach(async () => {
  await browser.tidy();
  forgetSecrets();
});

async function open(setup: Setup): Promise<Recording> {
  return Recording.open(browser, setup);
}

test("what is written in the page's source", async () => {
  const html = `
    <head>
      <title>Public title</title>
      <style>@media all { [data-step="3"]:hover { color: red } }</style>
      <meta name="csrf-token" content="${secret("meta")}">
      <meta property="og:title" content="${secret("og")}">
      <meta name="description" content="${secret("description")}">
      <meta name="custom" content="${secret("custom")}">
      <link rel="canonical" href="/x?token=${secret("canonical")}">
      <base target="${secret("base")}">
      <script>window.state = "${secret("script")}"</script>
      <noscript><img src="/pixel?${secret("noscript")}"></noscript>
    </head>
    <body class="shop layout" onload="'${secret("handler")}'">
      <!-- ${secret("comment")} -->
      <h1 class="headline">Public headline</h1>
      <form action="/login?next=${secret("action")}">
        <input name="plain" value="${secret("value")}" placeholder="${secret("placeholder")}"
          title="${secret("title")}" aria-label="${secret("aria")}" data-x="${secret("data")}">
        <input type="hidden" name="csrf" value="${secret("hidden")}">
        <input type="password" value="${secret("password")}">
        <input type="email" value="${secret("email")}" list="list">
        <input type="radio" name="r" value="${secret("radio")}" checked>
        <input type="checkbox" value="${secret("checkbox")}">
        <input type="submit" value="Public submit" formaction="/f?${secret("formaction")}">
        <input type="reset" value="Public reset">
        <textarea>${secret("textarea")}</textarea>
        <textarea id="cleared">${secret("cleared")}</textarea>
        <select><option value="${secret("option")}" selected>${secret("optiontext")}</option>
          <optgroup label="${secret("optgroup")}"><option label="${secret("label")}">x</option></optgroup>
        </select>
        <datalist id="list"><option value="${secret("datalist")}"></datalist>
        <output>${secret("output")}</output>
        <button value="${secret("button")}">Public button</button>
      </form>
      <div contenteditable><p>${secret("editable")}</p><b title="${secret("editabletitle")}">x</b></div>
      <div role="textbox">${secret("role")}</div>
      <div data-baton-mask aria-description="${secret("description")}" title="${secret("masktitle")}"
        style="--name: '${secret("variable")}'">
        <p>${secret("mask")}</p><label>${secret("masklabel")} <input type="checkbox" checked></label>
        <img alt="${secret("alt")}" src="/avatar/${secret("src")}">
        <a href="/u/${secret("maskhref")}">x</a><input type="submit" value="${secret("masksubmit")}">
        <svg><title>${secret("svg")}</title><text>${secret("svgtext")}</text></svg>
        <div data-baton-unmask>${secret("unmaskinmask")}<input value="${secret("fieldinmask")}"></div>
        <meter value="0.123456" aria-valuetext="${secret("valuetext")}"></meter>
      </div>
      <div data-baton-block style="width: 123px; height: 45px" title="${secret("blocktitle")}">
        <p>${secret("block")}</p><input value="${secret("blockinput")}"></div>
      <baton-overlay>${secret("overlay")}</baton-overlay>
      <div class="private">${secret("selector")}</div><div class="hide">${secret("hide")}</div>
      <a href="https://u:${secret("user")}@shop.test/p;id=${secret("param")}?t=${secret("query")}#${secret("hash")}">Public link</a>
      <div data-user="${secret("dataset")}" x-data="${secret("alpine")}" ng-reflect-model="${secret("ng")}"
        nonce="${secret("nonce")}">Public text</div>
      <div data-pin="7351" data-cvc="739" data-secret="hunterword" data-diagnosis="depression" x-model="hunterword"
        ng-reflect-model="hunterword" v-note="depression" account="7351" data-rating="open" data-step="3">Public states</div>
      <slot-host>${secret("slotted")}<b title="${secret("slottedtitle")}">${secret("slottedin")}</b>
        <i slot="open">Public slotted</i><em slot="box">${secret("slottedbox")}</em>
        <template shadowrootmode="open"><div data-baton-mask><slot></slot></div><slot name="open"></slot>
          <nested-host><slot name="box" slot="inner"></slot><template shadowrootmode="open">
            <div data-baton-block><slot name="inner"></slot></div></template></nested-host></template></slot-host>
      <iframe srcdoc="<p>Public frame</p><input value='${secret("srcdoc")}'><p data-baton-mask>${secret("srcdocmask")}</p>"></iframe>
      <iframe src="https://pay.test/?token=${secret("foreign")}"></iframe>
      <object data="/o?${secret("object")}"></object>
      <host-element><template shadowrootmode="open"><p>Public shadow</p><p data-baton-mask>${secret("shadow")}</p>
        <input value="${secret("shadowinput")}"></template></host-element>
      <div data-baton-mask><host-element><template shadowrootmode="open">${secret("shadowinmask")}</template></host-element>
        <iframe srcdoc="${secret("frameinmask")}"></iframe></div>
      <div data-baton-unmask>
        <input value="Public field"><textarea>Public area</textarea>
        <select><option>Public first</option><option selected>Public second</option></select>
        <div contenteditable>Public editable</div>
        <input type="password" value="${secret("unmaskedpassword")}">
        <input autocomplete="section-a billing cc-number" value="${secret("cc")}">
        <input autocomplete="one-time-code" value="${secret("otp")}">
        <input autocomplete="Current-Password" value="${secret("currentpassword")}">
        <input type="hidden" value="${secret("unmaskedhidden")}">
        <input data-baton-mask value="${secret("markedmask")}">
        <input name="userPassword" value="${secret("passwordname")}"><input id="card-cvc" value="${secret("cvcname")}">
        <input name="customer[pin]" value="${secret("pinname")}"><input id="ssn" value="${secret("ssnname")}">
        <input name="shipping" value="Public shipping">
        <textarea autocomplete="cc-name">${secret("cctextarea")}</textarea>
      </div>
    </body>`;
  const recording = await open({
    html,
    path: `/public/path;jsessionid=${secret("session")}?q=${secret("search")}#${secret("fragment")}`,
    options: { mask: [".private"], block: [".hide"] },
    others: {},
  });
  await recording.page.locator("#cleared").evaluate((area: HTMLTextAreaElement) => {
    area.value = "";
  });
  await recording.page.frameLocator("iframe").first().locator("text=Public frame").waitFor();
  await recording.settled();
  await recording.page.evaluate(() => window.bench.recorder.snapshot());
  const all = await told(recording);
  expect(leaks(all)).toEqual([]);
  for (const word of ["7351", '"739"', "hunterword", "depression"]) expect(all).not.toContain(word);

  for (const text of [
    "Public states",
    "Public slotted",
    "Public shipping",
    '"data-rating":"open"',
    '"data-step":"3"',
    "Public title",
    "Public headline",
    "Public submit",
    "Public reset",
    "Public button",
    "Public link",
    "Public text",
    "Public frame",
    "Public shadow",
    "Public field",
    "Public area",
    "Public second",
    "Public editable",
    "shop layout",
    "http://page.test/public/path",
    "https://shop.test/p",
    '"rr_width":"123px"',
    '"rr_height":"45px"',
  ]) {
    expect(all).toContain(text);
  }
});

test("what is typed, chosen and set while somebody watches", async () => {
  const recording = await open({
    html: `<body>
      <input id="text"><input id="password" type="password"><textarea id="area"></textarea>
      <select id="select"><option>a</option></select>
      <div id="editable" contenteditable>x</div>
      <div data-baton-unmask><input id="open" class="field"><input id="secret" type="password"></div>
      <input id="button"><p id="p">x</p><div id="masked" data-baton-mask><p>x</p></div>
      <iframe srcdoc="<input id='framed'><p>ready</p>"></iframe>
    </body>`,
  });
  const { page } = recording;
  await recording.settled();
  await page.locator("#text").pressSequentially(secret("typed"));
  await page.locator("#password").pressSequentially(secret("typedpassword"));
  await page.locator("#area").pressSequentially(secret("typedarea"));
  await page.locator("#editable").pressSequentially(secret("typededitable"));
  await page.locator("#open").pressSequentially("Public typing");
  await page.locator("#secret").pressSequentially(secret("typedsecret"));
  await page.frameLocator("iframe").locator("#framed").pressSequentially(secret("typedframe"));
  await page.evaluate(
    (texts) => {
      const next = () => texts.pop() ?? "";
      const get = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
      const field = get<HTMLInputElement>("text");
      field.value = next();
      field.setAttribute("value", next());
      field.defaultValue = next();
      field.placeholder = next();
      field.title = next();
      field.dataset.late = next();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      get<HTMLTextAreaElement>("area").value = next();
      get<HTMLTextAreaElement>("area").textContent = next();
      // A password shown, then made something else.
      const password = get<HTMLInputElement>("secret");
      password.type = "text";
      password.value = next();
      password.removeAttribute("autocomplete");
      password.setAttribute("value", next());
      // A text field that becomes a button shows its value as its label.
      const button = get<HTMLInputElement>("button");
      button.value = next();
      button.type = "button";
      const select = get<HTMLSelectElement>("select");
      select.add(new Option(next(), next(), true, true));
      select.value = select.options[1]?.value ?? "";
      const masked = get("masked");
      masked.append(next());
      (masked.firstElementChild as HTMLElement).textContent = next();
      masked.setAttribute("title", next());
      masked.insertAdjacentHTML("beforeend", `<b title="${next()}">${next()}</b>`);
      masked.firstElementChild?.firstChild?.replaceWith(next());
      const p = get("p");
      p.dataset.user = next();
      // One plain word, as what a page that lets a text area grow keeps beside it.
      p.dataset.replicatedValue = "geheimnisvoll";
      p.insertAdjacentHTML(
        "afterend",
        `<form action="/?${next()}"><input value="${next()}"><input type="hidden" value="${next()}">
          <label data-baton-mask>${next()}</label><!--${next()}--><meta name="csrf-token" content="${next()}">
          <a href="/x?${next()}">x</a><div data-baton-block>${next()}</div><textarea>${next()}</textarea></form>`,
      );
      const frame = document.createElement("iframe");
      const loaded = window.bench.load(frame, {
        srcdoc: `<p>Public late</p><input value="${next()}"><p data-baton-mask>${next()}</p>`,
      });
      const host = document.createElement("div");
      document.body.append(host);
      host.attachShadow({
        mode: "open",
      }).innerHTML = `<p>Public root</p><input value="${next()}"><p data-baton-mask>${next()}</p>`;
      history.pushState({}, "", `/next?${next()}#${next()}`);
      p.textContent = "Public change";
      return loaded;
    },
    Array.from({ length: 40 }, (_, i) => secret(`set${i}`)),
  );
  await recording.settled();
  // Marked only now: what is in it from here on is masked.
  await page.evaluate((text) => {
    const p = document.getElementById("p") as HTMLElement;
    p.setAttribute("data-baton-mask", "");
    p.textContent = text;
  }, secret("marked"));
  await recording.settled();
  await page.evaluate(() => window.bench.recorder.snapshot());
  const all = await told(recording);
  expect(leaks(all)).toEqual([]);
  expect(all).not.toContain("geheimnisvoll");
  for (const text of ["Public typing", "Public late", "Public root", "Public change"]) {
    expect(all).toContain(text);
  }
});

test("a selector that does not parse hides all it could have meant", async () => {
  const masked = await open({
    html: `<body><p>${secret("invalidmask")}</p></body>`,
    options: { mask: ["p["] },
  });
  await masked.settled();
  const blocked = await open({
    html: `<body><p>${secret("invalidblock")}</p></body>`,
    options: { block: ["p:nothing("] },
  });
  const open_ = await open({
    html: `<body><p>Public</p><input value="${secret("invalidunmask")}"></body>`,
    options: { unmask: ["input["] },
  });
  const text = JSON.stringify(await open_.settled());
  await blocked.page.evaluate(() => window.bench.recorder.snapshot());
  await expect.poll(async () => (await blocked.frames()).length).toBeGreaterThan(1);
  expect(
    leaks(text + JSON.stringify(await masked.frames()) + JSON.stringify(await blocked.frames())),
  ).toEqual([]);
  expect(text).toContain("Public");
});

test("an agent reaches no node that is masked, blocked, a secret or gone", async () => {
  const recording = await open({
    html: `<body><p id="open">x</p><button id="button">x</button><input id="check" type="checkbox">
      <div data-baton-unmask><input id="field"><input id="password" type="password"><input id="file" type="file"></div>
      <input id="masked"><div data-baton-mask><p id="text">x</p></div>
      <div id="block" data-baton-block><p>x</p></div><p id="gone">x</p>
      <baton-overlay id="overlay"></baton-overlay></body>`,
  });
  await recording.settled();
  await recording.page.evaluate(() => document.getElementById("gone")?.remove());
  await recording.settled();
  const reached = await recording.page.evaluate(() => {
    const names: string[] = [];
    for (let id = 1; id < 200; id++) {
      const node = window.bench.recorder.node(id);
      if (node instanceof Element && node.id) names.push(node.id);
    }
    return names;
  });
  expect(reached).toEqual(["open", "button", "check", "field"]);
});

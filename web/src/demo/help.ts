/** The shop's help: a code that the visitor reads out to an agent. The site's own look, Baton's calls. */
import { make } from "../page/elements.ts";
import type { BatonApi } from "../visitor/visitor.ts";

/** The script is loaded asynchronously: it may come after this one. */
async function baton(): Promise<BatonApi> {
  if (window.Baton) return window.Baton;
  const script = document.querySelector("script[src$='visitor.js'][async]");
  await new Promise((loaded, failed) => {
    script?.addEventListener("load", loaded, { once: true });
    script?.addEventListener("error", failed, { once: true });
  });
  if (!window.Baton) throw new Error("the visitor script is not there");
  return window.Baton;
}

/** Fills the corner of the page. */
export function showHelp(): void {
  const corner = document.querySelector<HTMLElement>("[data-help]");
  if (!corner) return;
  const open = make("button", "primary", "Share my page");
  open.type = "button";
  const answer = make("p");
  answer.setAttribute("role", "status");
  corner.append(open, answer);
  open.addEventListener("click", async () => {
    open.disabled = true;
    answer.textContent = "One moment …";
    try {
      const script = await baton();
      const code = await script.createCode();
      // Read out, and of no use any more.
      script.on("status", (status) => {
        if (status !== "created") answer.replaceChildren();
      });
      const digits = make("strong", "code", code.replace(/(\d{3})(?=\d)/g, "$1 "));
      answer.replaceChildren("Read this code out to our agent: ", digits);
    } catch (error) {
      answer.textContent = error instanceof Error ? error.message : "That did not work.";
    }
    open.disabled = false;
  });
}

/** Who the visitor of the demo's shop is, in a test. */
import type { BrowserContext } from "playwright-core";
import type { Options } from "../../src/visitor/parts.ts";

/** Every page of the shop that this person opens tells this of its visitor, in place of the demo's. */
export async function isShopper(context: BrowserContext, config: Options): Promise<void> {
  await context.route("**/shop-visitor.js", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: `window.BatonConfig = ${JSON.stringify(config)}`,
    }),
  );
}

/** What every visitor of every site loads stays small. */
import { expect, test } from "vitest";
import { BUDGETS, gzipBytes } from "../scripts/budgets.mjs";

test.each(Object.entries(BUDGETS))("%s stays within its budget", async (file, most) => {
  expect(await gzipBytes(file)).toBeLessThanOrEqual(most);
});

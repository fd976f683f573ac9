import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // The player's messages leave one second late by design, and Chromium starts slowly on small machines.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Browser tests mostly wait: one more at a time than the default of small machines.
    maxWorkers: 2,
  },
});

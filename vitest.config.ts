import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// `npm test` is for every change and stays short; `npm run test:slow` has what takes longer.
const slow = ["src/**/*.slow.test.ts", "test/**/*.slow.test.ts"];
const usual = ["src/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"];

export default defineConfig(({ mode }) => ({
  test: {
    include: mode === "slow" ? slow : usual,
    exclude: ["test/heavy/**", "node_modules/**", ...(mode === "slow" ? [] : slow)],
    // Real servers and child processes start in these tests; the limit is a safety net, not a speed claim.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    globalSetup: ["test/support/run-folder.ts"],
    pool: "forks",
    // A process goes through file after file, and loads what they share once. What a test changes of
    // its process it puts back: the next file would see it.
    isolate: false,
    // The egress guard is on in every test: what a test opens itself it says with `grantTests`.
    execArgv: [
      "--require",
      fileURLToPath(new URL("src/boundary/egress/guard.cjs", import.meta.url)),
    ],
    // The default leaves one core idle, which on two cores is half of them.
    maxWorkers: "100%",
    passWithNoTests: false,
  },
}));

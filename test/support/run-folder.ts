import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** What the tests of a run share: made by the first that needs it. */
const shared = {
  /** What Node has compiled of the programs that tests start; the program itself looks there too. */
  NODE_COMPILE_CACHE: "node-compile-cache",
  /** PostgreSQL servers that file after file uses, and a server's data before anything is done to it. */
  POSTGRES_TESTS: "postgres",
} as const;

const placesIn = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(shared).map(([name, place]) => [name, join(folder, place)]));

/**
 * Gives a run of the tests a temporary folder of its own, which its processes inherit. At the end it
 * is removed, and the run fails where a test left something in it.
 * @returns what ends it
 */
export function setup({ config }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "agent33-tests-run-"));
  // Servers that refuse to run as root have folders of their own in it.
  chmodSync(folder, 0o711);
  const ours: Readonly<Record<string, string>> = { ...placesIn(folder), TMPDIR: folder };
  const before = Object.keys(ours).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, ours);
  mkdirSync(join(folder, shared.POSTGRES_TESTS), { mode: 0o711 });
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    const known: readonly string[] = Object.values(shared);
    const left = readdirSync(folder).filter((name) => !known.includes(name));
    // A server that has just lost the process that it ran for may write a last file.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    // Where tests are picked by name, a `describe` of which none is picked has no hooks run.
    if (left.length > 0 && config.testNamePattern === undefined) {
      throw new Error(`Tests left these in the temporary folder:\n  ${left.sort().join("\n  ")}`);
    }
  };
}

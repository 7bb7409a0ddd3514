import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/**
 * Gives a run of the tests a temporary folder of its own, which its processes inherit. At the end it
 * is removed, and the run fails where a test left something in it.
 * @returns what ends it
 */
export function setup({ config }: TestProject): () => void {
  const before = process.env["TMPDIR"];
  const folder = mkdtempSync(join(tmpdir(), "agent33-tests-run-"));
  // Servers that refuse to run as root have folders of their own in it.
  chmodSync(folder, 0o711);
  process.env["TMPDIR"] = folder;
  return () => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    // The programs that tests start keep what Node compiled of them.
    const left = readdirSync(folder).filter((name) => name !== "node-compile-cache");
    rmSync(folder, { recursive: true, force: true });
    // Where tests are picked by name, a `describe` of which none is picked has no hooks run.
    if (left.length > 0 && config.testNamePattern === undefined) {
      throw new Error(`Tests left these in the temporary folder:\n  ${left.sort().join("\n  ")}`);
    }
  };
}

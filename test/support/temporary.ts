import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished, TestRunner } from "vitest";

/**
 * A new folder that is removed when its test and the test's hooks have ended, or when all tests of
 * the `describe` have that asks for it.
 */
export function temporaryFolder(name: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `agent33-${name}-`)));
  // What still runs in the background may write a last file while the folder is emptied.
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  if (TestRunner.getCurrentTest() === undefined) afterAll(remove);
  else onTestFinished(remove);
  return folder;
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openOutputFile } from "./output-file.ts";

const dir = mkdtempSync(join(tmpdir(), "agent33-output-"));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("keeps the beginning and says how much is left out", () => {
  const path = join(dir, "out.txt");
  const file = openOutputFile(path, 5);
  file.push(Buffer.from("abc"));
  expect(readFileSync(path, "utf8")).toBe("abc");
  file.push(Buffer.from("defg"));
  file.push(Buffer.from("h"));
  file.close();
  file.push(Buffer.from("late"));
  file.close();
  expect(readFileSync(path, "utf8")).toBe("abcde\n[3 bytes after this are left out]\n");
});

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

grantTests("starts a process with a limit", { spawn: true });

const fixture = import.meta.resolve("../store.fixture.ts");
/** Writes until it is refused, and says what it was told and what can be read then. */
const program = `
import { newRun, temporaryStore } from ${JSON.stringify(fixture)};
const { rows, remove } = temporaryStore({ synchronous: "normal" });
rows.runs.create(newRun("run"));
let told;
let kept = 0;
while (told === undefined && kept < 1000) {
  try {
    rows.runLog.append("run", [{ type: "message.user", text: "x".repeat(9000) }]);
    kept += 1;
  } catch (error) {
    told = { code: error.code, hint: error.hint };
  }
}
console.log(JSON.stringify({ ...told, kept, read: rows.runLog.read("run").length }));
remove();
`;

test("a limit on the size of files is told as what it is, and reading goes on", () => {
  const path = join(temporaryFolder("limit"), "writer.ts");
  writeFileSync(path, program);
  const limited = `trap '' XFSZ; ulimit -S -f 2048; exec "$0" "$@"`;
  const words = ["--norc", "-c", limited, process.execPath, path];
  const { stdout, stderr } = spawnSync("bash", words, { encoding: "utf8" });
  expect(stderr).toBe("");
  const { kept, ...found } = JSON.parse(stdout) as { kept: number };
  expect(kept).toBeGreaterThan(50);
  expect(found).toEqual({
    code: "store.full",
    hint: expect.stringContaining("ulimit -f"),
    read: kept,
  });
});

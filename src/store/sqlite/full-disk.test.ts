import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Agent33Error } from "../../base/errors.ts";
import { newRun, temporaryStore } from "../store.fixture.ts";

let folder = "";
let mounted = false;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-full-"));
  mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
});

afterAll(() => {
  if (mounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true, force: true });
});

test("a full disk refuses writes with store.full, loses nothing and reads on", async (context) => {
  if (!mounted) context.skip("mounting a small tmpfs needs root");
  const temporary = temporaryStore({ dataDir: join(folder, "data"), synchronous: "full" });
  const { store } = temporary;
  try {
    store.runs.create(newRun("run"));
    const told: number[] = [];
    store.runLog.onAppend((events) => told.push(...events.map(({ seq }) => seq)));
    let failure: Agent33Error | undefined;
    let kept = 0;
    while (failure === undefined && kept < 1000) {
      try {
        store.runLog.append("run", [{ type: "message.user", text: "x".repeat(9000) }]);
        kept += 1;
      } catch (error) {
        failure = error as Agent33Error;
      }
    }
    expect(failure).toMatchObject({
      code: "store.full",
      hint: expect.stringContaining("Free space"),
    });
    expect(kept).toBeGreaterThan(5);
    expect(store.runLog.read("run")).toHaveLength(kept);
    expect(told).toHaveLength(kept);
    expect((await store.runs.list()).items).toHaveLength(1);
    // Another opening of the same files sees the same.
    expect(temporary.reopen().runLog.read("run")).toHaveLength(kept);
    // With room again, the log goes on without a gap.
    spawnSync("mount", ["-o", "remount,size=8m", folder]);
    expect(store.runLog.append("run", [{ type: "message.user", text: "on" }])).toMatchObject([
      { seq: kept + 1 },
    ]);
  } finally {
    temporary.remove();
  }
});

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import type { Agent33Error } from "../../base/errors.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";

grantTests("mounts a small disk", { spawn: true });

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

/** What is written until the disk is full: more than the rest of its room. */
const text = "x".repeat(9000);
const full = { code: "store.full", hint: expect.stringContaining("Free space") };

/** A store on a small disk of its own. */
function smallDisk(name: string): TemporaryStore {
  spawnSync("mount", ["-o", "remount,size=1m", folder]);
  return temporaryStore({ dataDir: join(folder, name), synchronous: "full" });
}

test("a full disk refuses writes with store.full, loses nothing and reads on", (context) => {
  if (!mounted) context.skip("mounting a small tmpfs needs root");
  const temporary = smallDisk("one");
  const { store, rows } = temporary;
  try {
    rows.runs.create(newRun("run"));
    const told: number[] = [];
    store.onAppend((events) => told.push(...events.map(({ seq }) => seq)));
    let failure: Agent33Error | undefined;
    let kept = 0;
    while (failure === undefined && kept < 1000) {
      try {
        rows.runLog.append("run", [{ type: "message.user", text }]);
        kept += 1;
      } catch (error) {
        failure = error as Agent33Error;
      }
    }
    expect(failure).toMatchObject(full);
    expect(kept).toBeGreaterThan(5);
    expect(rows.runLog.read("run")).toHaveLength(kept);
    expect(told).toHaveLength(kept);
    expect(rows.runs.list().items).toHaveLength(1);
    // Another opening of the same files sees the same.
    expect(temporary.reopen().tenant("local").runLog.read("run")).toHaveLength(kept);
    // With room again, the log goes on without a gap.
    spawnSync("mount", ["-o", "remount,size=8m", folder]);
    expect(rows.runLog.append("run", [{ type: "message.user", text: "on" }])).toMatchObject([
      { seq: kept + 1 },
    ]);
  } finally {
    temporary.remove();
  }
});

test("a commit that a full disk refuses refuses every writer of its batch, and keeps nothing of it", async (context) => {
  if (!mounted) context.skip("mounting a small tmpfs needs root");
  const temporary = smallDisk("batch");
  const { runs, runLog, idempotency } = temporary.store.backend.tenant("local");
  try {
    await runs.create(newRun("run"));
    let failed = 0;
    let batches = 0;
    while (failed === 0 && batches < 300) {
      const results = await Promise.allSettled([
        idempotency.reserve(`first-${batches}`, undefined, 1),
        runLog.append("run", [{ type: "message.user", text }]),
        runLog.append("run", [{ type: "message.user", text }]),
        // This one fails by itself, and is told its own fault unless all fail.
        runLog.append("nobody", [{ type: "message.user", text }]),
        idempotency.reserve(`last-${batches}`, undefined, 1),
      ]);
      const rejected = results.filter((result) => result.status === "rejected");
      if (rejected.length === 1) {
        expect(rejected[0]?.reason).toMatchObject({ code: "store.unknown_run" });
        batches += 1;
      } else {
        failed = rejected.length;
        for (const { reason } of rejected) expect(reason).toMatchObject(full);
      }
    }
    expect(failed).toBe(5);
    expect(batches).toBeGreaterThan(2);
    // Reading goes on, here and in another opening, and shows the batches that were acknowledged.
    const others = temporary.reopen().backend.tenant("local");
    for (const log of [runLog, others.runLog]) {
      expect(await log.read("run")).toHaveLength(batches * 2);
    }
    spawnSync("mount", ["-o", "remount,size=8m", folder]);
    for (const key of [`first-${batches}`, `last-${batches}`]) {
      expect(await idempotency.reserve(key, undefined, 1)).toBe("fresh");
    }
    expect(await idempotency.reserve(`first-${batches - 1}`, undefined, 1)).toBe("started");
    expect(await runLog.append("run", [{ type: "message.user", text: "on" }])).toMatchObject([
      { seq: batches * 2 + 1 },
    ]);
  } finally {
    temporary.remove();
  }
});

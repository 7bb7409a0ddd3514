import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testGrant } from "../../../test/support/egress.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { manualClock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import { uuidv7Source } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import type { Backend } from "../backend.ts";
import { exportToFile } from "./export-file.ts";
import { importStore } from "./import.ts";
import { fillStore, memoryBackend, textSource } from "./transfer.fixture.ts";

const clock = manualClock();
const ids = uuidv7Source(clock, seededRandom(5));
const grant = testGrant("mounts a small disk", { spawn: true });
let backend: Backend;
let folder = "";

beforeEach(async () => {
  folder = temporaryFolder("export");
  backend = memoryBackend();
  await fillStore(backend, 30);
});
afterEach(async () => {
  await backend.close();
});

const exportTo = (path: string, from = backend) =>
  exportToFile(path, { backend: from, clock, ids });

test("two exports into one file at once leave one that is whole, and nothing else", async () => {
  const path = join(folder, "state.jsonl");
  const both = await Promise.allSettled([exportTo(path), exportTo(path)]);
  expect(both.some(({ status }) => status === "fulfilled")).toBe(true);
  expect(readdirSync(folder)).toEqual(["state.jsonl"]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const to = memoryBackend();
  const source = textSource(readFileSync(path));
  expect(await importStore({ backend: to, source, clock })).toMatchObject({ whole: true });
  await to.close();
});

test("a file that is there stays as it is", async () => {
  const path = join(folder, "state.jsonl");
  writeFileSync(path, "mine");
  await expect(exportTo(path)).rejects.toMatchObject({ code: "store.export_failed" });
  expect(readFileSync(path, "utf8")).toBe("mine");
  expect(readdirSync(folder)).toEqual(["state.jsonl"]);
});

test("a store that fails half-way leaves nothing behind, and its error is told as it is", async () => {
  const gone = new Agent33Error("store.unreachable", "The server went away.");
  const failing: Backend = {
    ...backend,
    tables: {
      ...backend.tables,
      inOneState: (work) =>
        backend.tables.inOneState((read) => {
          let left = 6;
          return work(async (make) => {
            left -= 1;
            if (left < 0) throw gone;
            return read(make);
          });
        }),
    },
  };
  await expect(exportTo(join(folder, "state.jsonl"), failing)).rejects.toBe(gone);
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder that is not there is said to be the reason", async () => {
  await expect(exportTo(join(folder, "gone", "state.jsonl"))).rejects.toMatchObject({
    code: "store.export_failed",
    hint: expect.stringContaining("folder that this user may write to"),
  });
});

test("a full disk leaves nothing behind, and the hint is to free space", async (context) => {
  const small = temporaryFolder("export-full");
  const mounted = grant.run(() =>
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small]),
  );
  try {
    if (mounted.status !== 0) context.skip("mounting a small tmpfs needs root");
    await expect(exportTo(join(small, "state.jsonl"))).rejects.toMatchObject({
      code: "store.export_failed",
      hint: expect.stringContaining("Free space"),
    });
    expect(readdirSync(small)).toEqual([]);
  } finally {
    if (mounted.status === 0) grant.run(() => spawnSync("umount", [small]));
  }
});

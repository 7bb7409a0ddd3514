import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { manualClock } from "../../base/clock.ts";
import { seededRandom } from "../../base/random.ts";
import { openStore } from "../store.ts";
import { bytesSource } from "./byte-source.ts";
import { importStore } from "./import.ts";
import { migrateState } from "./legacy.ts";
import { pythonState } from "./legacy.fixture.ts";
import { digestsOf, exportText, fillStore, memoryBackend, textSource } from "./transfer.fixture.ts";

grantTests("kills processes that move a store", { spawn: true });

const clock = manualClock();
const program = join(import.meta.dirname, "move.fixture.ts");
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-killed-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kills = 4;

/** Runs it again and again, each time killed after some steps, and at last to its end. */
async function killAndFinish(what: string, from: string, to: string): Promise<void> {
  const random = seededRandom(what.length);
  for (let round = 0; round <= kills; round += 1) {
    const child = fork(program, [what, from, to], { stdio: "inherit" });
    let left = round === kills ? Number.POSITIVE_INFINITY : Math.floor(random.next() * 5) + 1;
    child.on("message", () => {
      left -= 1;
      if (left === 0) child.kill("SIGKILL");
    });
    const [code] = (await once(child, "exit")) as [number | null];
    expect([round, code]).toEqual([round, round === kills ? 0 : null]);
  }
}

async function digestsIn(dataDir: string): Promise<unknown> {
  const { backend, close } = openStore({ dataDir, clock, ids: () => "id" });
  try {
    return await digestsOf(backend);
  } finally {
    close();
  }
}

test("an import that is killed again and again ends as one that never was", async () => {
  const source = memoryBackend();
  await fillStore(source, 12);
  const file = join(folder, "export.jsonl");
  const text = await exportText(source);
  writeFileSync(file, text);
  const whole = memoryBackend();
  await importStore({ backend: whole, source: textSource(text), clock });
  await killAndFinish("import", file, join(folder, "store"));
  expect(await digestsIn(join(folder, "store"))).toEqual(await digestsOf(whole));
});

test("so does a migration of the Python engine's state", async () => {
  const text = JSON.stringify(pythonState(150));
  const file = join(folder, "state.json");
  writeFileSync(file, text);
  const whole = memoryBackend();
  const state = { source: bytesSource(file, Buffer.from(text)), kind: "legacy-json" } as const;
  await migrateState({ backend: whole, ...state, clock, tenant: "local" });
  await killAndFinish("legacy", file, join(folder, "store"));
  const found = await digestsIn(join(folder, "store"));
  expect(found).toEqual(await digestsOf(whole));
});

test("and a copy of a store", async () => {
  const from = join(folder, "from");
  const source = openStore({ dataDir: from, clock, ids: () => "id" });
  await fillStore(source.backend, 12);
  source.close();
  await killAndFinish("copy", from, join(folder, "store"));
  expect(await digestsIn(join(folder, "store"))).toEqual(await digestsIn(from));
});

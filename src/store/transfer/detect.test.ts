import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { temporaryStore } from "../store.fixture.ts";
import { detectSource } from "./detect.ts";
import { pythonState, writePythonDatabase } from "./legacy.fixture.ts";
import { exportText, memoryBackend } from "./transfer.fixture.ts";

const clock = manualClock();
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-detect-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("tells each kind by its content, whatever its name", async () => {
  const temporary = temporaryStore();
  const backend = memoryBackend();
  const state = pythonState(20);
  const database = join(folder, "x.json");
  writePythonDatabase(database, JSON.stringify(state));
  try {
    expect(await detectSource(temporary.dataDir, clock)).toBe("store");
    expect(await detectSource(join(temporary.dataDir, "agent33.db"), clock)).toBe("store");
    expect(await detectSource(file("a", await exportText(backend)), clock)).toBe("jsonl");
    expect(await detectSource(file("b", JSON.stringify(state)), clock)).toBe("legacy-json");
    expect(await detectSource(file("c", JSON.stringify(state, null, 2)), clock)).toBe(
      "legacy-json",
    );
    expect(await detectSource(file("d", `\ufeff${JSON.stringify(state)}`), clock)).toBe(
      "legacy-json",
    );
    expect(await detectSource(database, clock)).toBe("legacy-sqlite");
    // Damaged at the start, it is still one.
    const damaged = Buffer.from(JSON.stringify(state)).fill(0, 0, 100);
    expect(await detectSource(file("e", damaged), clock)).toBe("legacy-json");
  } finally {
    temporary.remove();
    await backend.close();
  }
});

test.each<readonly [string, string | Uint8Array, string]>([
  ["nothing", "", "empty"],
  ["text", "Dear all,\nhello", 'something that begins "Dear all,·hello"'],
  ["other JSON", '{"a":1}', "JSON without the lists of a learning state"],
  ["a list", "[1]", "a JSON list without signals or intakes"],
  ["gzip", gzipSync("{}"), "compressed with gzip: unpack it first"],
  ["UTF-16", Buffer.from('\ufeff{"signals":[]}', "utf16le"), "UTF-16 text: save it as UTF-8 first"],
])("refuses %s, and says what it saw and what it takes", async (name, content, what) => {
  const path = file(`unknown ${name}`, content);
  await expect(detectSource(path, clock)).rejects.toThrowError(
    expect.objectContaining({
      code: "store.unknown_source",
      message: `${path} is ${what}.`,
      hint: expect.stringContaining("agent33 store export"),
    }),
  );
});

test("refuses another program's database and a folder without a store", async () => {
  const path = join(folder, "other.db");
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE songs (id INTEGER)");
  database.close();
  const unknown = (message: unknown) =>
    expect.objectContaining({ code: "store.unknown_source", message });
  await expect(detectSource(path, clock)).rejects.toThrowError(
    unknown(expect.stringContaining("(tables: songs)")),
  );
  mkdirSync(join(folder, "empty"));
  await expect(detectSource(join(folder, "empty"), clock)).rejects.toThrowError(
    unknown(expect.stringContaining("a folder without a store")),
  );
  await expect(detectSource(join(folder, "missing"), clock)).rejects.toThrowError(
    expect.objectContaining({ code: "store.unreadable_source" }),
  );
});

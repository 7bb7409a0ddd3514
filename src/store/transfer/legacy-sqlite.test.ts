import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { manualClock } from "../../base/clock.ts";
import { bytesSource } from "./byte-source.ts";
import { detectSource } from "./detect.ts";
import { migrateLegacy, migrateState } from "./legacy.ts";
import { legacyBench, pythonState, writePythonDatabase } from "./legacy.fixture.ts";
import { digestsOf } from "./transfer.fixture.ts";

grantTests("locks a file from another process", { spawn: true });

const clock = manualClock();
const { store, folder, cleanUp } = legacyBench();

afterEach(cleanUp);

test("the SQLite file of the Python engine is read as the JSON file is, and not changed", async () => {
  const path = join(folder(), "learning.db");
  writePythonDatabase(path, JSON.stringify(pythonState(40)));
  const before = readFileSync(path);
  expect(await detectSource(path, clock)).toBe("legacy-sqlite");
  const [backend, other] = [store(), store()];
  const options = { kind: "legacy-sqlite", clock, tenant: "local" } as const;
  const report = await migrateLegacy({ backend, path, ...options });
  expect(report).toMatchObject({ signals: { kept: 40 }, intakes: { kept: 4 }, source: path });
  await migrateState({
    ...options,
    backend: other,
    source: bytesSource("x", Buffer.from(JSON.stringify(pythonState(40)))),
  });
  expect(await digestsOf(backend)).toEqual(await digestsOf(other));
  expect(readFileSync(path)).toEqual(before);
});

test("a SQLite file may hold a text that is not UTF-8, of which one record is lost", async () => {
  const path = join(folder(), "learning.db");
  const bytes = Buffer.from(JSON.stringify(pythonState(40)));
  bytes[bytes.indexOf("topic 7")] = 0xff;
  writePythonDatabase(path, "");
  const database = new DatabaseSync(path);
  database.prepare("UPDATE learning_signal_state SET payload = CAST(? AS TEXT)").run(bytes);
  database.close();
  const backend = store();
  const report = await migrateLegacy({
    backend,
    path,
    kind: "legacy-sqlite",
    clock,
    tenant: "local",
  });
  expect(report).toMatchObject({
    signals: { kept: 39 },
    quarantined: { count: 1, first: [{ reason: "not UTF-8" }] },
  });
});

test("a SQLite file that another process has locked is busy, and never called corrupt or empty", async () => {
  const path = join(folder(), "learning.db");
  writePythonDatabase(path, JSON.stringify(pythonState(10)));
  const program = `
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(process.argv[1]);
    database.exec("BEGIN EXCLUSIVE");
    process.send("locked");
    process.on("message", () => { database.exec("COMMIT"); database.close(); process.send("free"); process.disconnect(); });`;
  const child = fork("-e", [program, path], {
    execArgv: [],
    stdio: "ignore",
    execPath: process.execPath,
  });
  const told = () => new Promise((resolve) => child.once("message", resolve));
  expect(await told()).toBe("locked");
  const backend = store();
  const options = { backend, path, kind: "legacy-sqlite", clock, tenant: "local" } as const;
  const busy = expect.objectContaining({ code: "store.busy", retryable: true });
  await expect(migrateLegacy(options)).rejects.toThrowError(busy);
  await expect(detectSource(path, clock)).rejects.toThrowError(busy);
  const free = told();
  child.send("go");
  await free;
  expect(await migrateLegacy(options)).toMatchObject({ signals: { kept: 10 } });
});

test("a SQLite file with a state that are only in its write-ahead log is read with it", async () => {
  const path = join(folder(), "learning.db");
  writePythonDatabase(path, "{}");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL");
  database
    .prepare("UPDATE learning_signal_state SET payload = ?")
    .run(JSON.stringify(pythonState(10)));
  const backend = store();
  const options = { backend, path, kind: "legacy-sqlite", clock, tenant: "local" } as const;
  expect(await migrateLegacy(options)).toMatchObject({ signals: { kept: 10 } });
  database.close();
});

test("a SQLite file without a state is an empty one, without its table another file", async () => {
  const path = join(folder(), "learning.db");
  writePythonDatabase(path, "{}");
  const database = new DatabaseSync(path);
  database.exec("DELETE FROM learning_signal_state");
  const backend = store();
  const options = { backend, path, kind: "legacy-sqlite", clock, tenant: "local" } as const;
  expect(await migrateLegacy(options)).toMatchObject({ signals: { read: 0 }, truncated: false });
  database.exec("DROP TABLE learning_signal_state");
  database.close();
  await expect(migrateLegacy(options)).rejects.toThrowError(
    expect.objectContaining({ code: "store.unknown_source" }),
  );
});

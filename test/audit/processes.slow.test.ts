import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import { headPath, readHeads } from "../../src/boundary/audit/head-file.ts";
import { keyPath } from "../../src/boundary/audit/key-file.ts";
import { type AuditCheck, createAudit } from "../../src/engine/audit.ts";
import { callRecord } from "../../src/store/conformance/audit.cases.ts";
import { openStore } from "../../src/store/store.ts";
import { projectRoot } from "../support/cli.ts";
import { testGrant } from "../support/egress.ts";
import { testHost } from "../support/engine.ts";

const grant = testGrant("starts processes that record calls", { spawn: true });

let dataDir = "";
const children: ChildProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "agent33-audit-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

/** A process that records calls of tenant `a`. */
function writer(name: string, writes?: number) {
  const program = join(projectRoot, "test/support/audit-writer-main.ts");
  const words = [program, dataDir, name, ...(writes === undefined ? [] : [String(writes)])];
  const child = grant.run(() =>
    spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] }),
  );
  children.push(child);
  let said = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = new Promise<void>((done) => child.on("close", () => done()));
  return {
    child,
    ended,
    /** Whole lines that it has said. */
    said: () => said.split("\n").slice(0, -1),
    errors: () => errors,
  };
}

/** What a process that only looks finds. */
async function look(): Promise<AuditCheck & { readonly ids: readonly string[] }> {
  const host = testHost(dataDir);
  const opened = openStore({ dataDir, clock: host.clock, ids: host.ids });
  const audit = createAudit({ opened, tenant: "a", dataDir, host, redactor: createRedactor() });
  const check = await audit.check();
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = opened.tenant("a").audit.list({ limit: 1000, ...(cursor ? { cursor } : {}) });
    ids.push(...page.items.map(({ callId }) => callId));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  await audit.close();
  await opened.backend.close();
  return { ...check, ids };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("two processes that record at once make one chain with every call in it, and one key", async () => {
  const writers = [writer("one", 150), writer("two", 150)];
  await Promise.all(writers.map(({ ended }) => ended));
  for (const { said, errors } of writers) {
    expect(errors()).toBe("");
    expect(said().at(-1)).toBe("closed");
  }
  const found = await look();
  expect(found.findings).toEqual([]);
  expect(found).toMatchObject({ ok: true, pending: 0, records: 1200 });
  expect(new Set(found.ids).size).toBe(1200);
  expect(readHeads(headPath(dataDir)).get("a")).toMatchObject({
    position: found.links,
    previous: found.links,
    keyId: found.keyId,
  });
  expect(statSync(keyPath(dataDir)).mode & 0o777).toBe(0o600);
});

test("the end is signed although all was linked before it came", async () => {
  const host = testHost(dataDir);
  const opened = openStore({ dataDir, clock: host.clock, ids: host.ids });
  const audit = createAudit({ opened, tenant: "a", dataDir, host, redactor: createRedactor() });
  audit.sink("a").close(callRecord("1", { outcome: "ok" }));
  await until(() => (readHeads(headPath(dataDir)).get("a")?.position ?? 0) === 1);
  expect(readHeads(headPath(dataDir)).get("a")).toMatchObject({ previous: 0 });
  await audit.close();
  expect(readHeads(headPath(dataDir)).get("a")).toMatchObject({ position: 1, previous: 1 });
  await opened.backend.close();
});

test("a killed process leaves a chain that goes on and verifies, with all that it had said", async () => {
  const acknowledged: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    const { child, ended, said } = writer(`round-${round}`);
    // Killed while it links: some time after it has done so for the first time.
    const before = readHeads(headPath(dataDir)).get("a")?.position ?? 0;
    await until(() => existsSync(headPath(dataDir)));
    await until(() => (readHeads(headPath(dataDir)).get("a")?.position ?? 0) > before);
    await new Promise((resolve) => setTimeout(resolve, 137 * (round + 1)));
    child.kill("SIGKILL");
    await ended;
    acknowledged.push(...said());
    const found = await look();
    expect(found.findings).toEqual([]);
    const ids = new Set(found.ids);
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  }
  const last = writer("last", 5);
  await last.ended;
  const found = await look();
  expect(found.findings).toEqual([]);
  // What the killed ones had not linked, the last one has.
  expect(found).toMatchObject({ ok: true, pending: 0, records: found.ids.length });
}, 90_000);

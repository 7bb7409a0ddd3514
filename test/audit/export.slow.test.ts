import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exportAudit } from "../../src/boundary/audit/export.ts";
import { headPath, readHeads } from "../../src/boundary/audit/head-file.ts";
import { takeKey } from "../../src/boundary/audit/key-file.ts";
import { makeKey } from "../../src/boundary/audit/signing.ts";
import { storedAudit } from "../../src/boundary/audit/stored-audit.ts";
import { checkAuditFile } from "../../src/engine/audit.ts";
import { type AuditedStore, auditedStore, fillAudit } from "../support/audited-store.ts";
import { testHost } from "../support/engine.ts";

let audited: AuditedStore;
let folder = "";
let text = "";

beforeEach(async () => {
  audited = auditedStore();
  folder = mkdtempSync(join(tmpdir(), "agent33-export-"));
  await fillAudit(audited);
  text = await exported();
});
afterEach(() => {
  audited.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function exported(): Promise<string> {
  const { store, dataDir, clock } = audited;
  const head = readHeads(headPath(dataDir)).get("a");
  const source = storedAudit("a", store.backend.tenant("a").auditChain, head);
  let written = "";
  const write = async (piece: string): Promise<void> => {
    written += piece;
  };
  await exportAudit({ source, key: takeKey(dataDir), clock, write });
  return written;
}

function check(lines: readonly string[], request: Parameters<typeof checkAuditFile>[1] = {}) {
  const path = join(folder, "export.jsonl");
  writeFileSync(path, lines.join("\n"));
  return checkAuditFile(path, request, testHost(folder));
}

test("verifies alone, and says whose key signed it", async () => {
  expect(await check(text.split("\n"))).toMatchObject({
    ok: true,
    links: 10,
    records: 9,
    checkpoints: 3,
    keyId: takeKey(audited.dataDir).keyId,
    publicKey: takeKey(audited.dataDir).publicPem,
  });
});

test("finds every line that is taken away, doubled or exchanged with the next", async () => {
  const lines = text.trimEnd().split("\n");
  // The first line says what the file is; without it there is nothing to check.
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    expect([index, (await check(lines.toSpliced(index, 1))).ok]).toEqual([index, false]);
    const doubled = await check(lines.toSpliced(index, 0, line));
    // A second end that is the same says nothing else.
    expect([index, doubled.ok]).toEqual([index, index === lines.length - 1]);
    const next = lines[index + 1];
    if (next === undefined) continue;
    const exchanged = lines.with(index, next).with(index + 1, line);
    expect([index, (await check(exchanged)).ok]).toEqual([index, false]);
  }
  const first = expect.objectContaining({ code: "audit.bad_export" });
  await expect(check(lines.slice(1))).rejects.toEqual(first);
});

test("finds any changed character that says something", async () => {
  const characters = Array.from({ length: text.length }, (_, index) => index);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...characters),
      fc.constantFrom("0", "7", "f", "x", '"', "}", " "),
      async (index, other) => {
        const changed = `${text.slice(0, index)}${other}${text.slice(index + 1)}`;
        const meaning = (all: string): string | undefined => {
          try {
            return JSON.stringify(
              all
                .trimEnd()
                .split("\n")
                .map((line) => JSON.parse(line)),
            );
          } catch {
            return undefined;
          }
        };
        if (meaning(changed) === meaning(text)) return;
        const verdict = await check(changed.split("\n")).catch((error: unknown) => {
          expect((error as { code: string }).code).toBe("audit.bad_export");
          return { ok: false };
        });
        expect(verdict.ok).toBe(false);
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);

test("does not make good what is missing in the store", async () => {
  audited.native.exec(
    "DELETE FROM audit_chain WHERE tenant = 'a' AND position > 8; DELETE FROM audit_checkpoints WHERE tenant = 'a' AND position > 8; DELETE FROM audit WHERE call_id IN ('a-2-write', 'a-2-lost')",
  );
  const cut = await check((await exported()).split("\n"));
  expect(cut.findings).toContainEqual(
    expect.objectContaining({ kind: "truncated", about: "head" }),
  );
});

test("is held to a key and to places that were noted elsewhere", async () => {
  const lines = text.split("\n");
  const { end } = await check(lines);
  const at = `${end?.position}:${end?.hash}`;
  expect((await check(lines, { heads: [at, headPath(audited.dataDir)] })).ok).toBe(true);
  const later = await check(lines, { heads: [`11:${end?.hash}`] });
  expect(later.findings).toMatchObject([{ kind: "truncated", about: "anchor", position: 11 }]);
  const other = await check(lines, { heads: [`9:${end?.hash}`] });
  expect(other.findings).toMatchObject([{ kind: "changed", about: "anchor", position: 9 }]);
  const key = join(folder, "key.pem");
  writeFileSync(key, makeKey().publicPem);
  const forged = await check(lines, { keys: [key] });
  expect(new Set(forged.findings.map(({ kind }) => kind))).toEqual(new Set(["forged"]));
  writeFileSync(key, takeKey(audited.dataDir).publicPem);
  expect((await check(lines, { keys: [key] })).ok).toBe(true);
  const nothing = check(lines, { heads: ["12:short"] });
  await expect(nothing).rejects.toEqual(expect.objectContaining({ code: "audit.bad_head" }));
});

import { afterEach, describe, expect, test } from "vitest";
import { sha256 } from "../../base/digest.ts";
import { manualClock } from "../../base/clock.ts";
import type { Backend } from "../backend.ts";
import { testMaker } from "../conformance/audit-chain.cases.ts";
import { callRecord } from "../conformance/audit.cases.ts";
import { question } from "../conformance/approvals.cases.ts";
import { importStore } from "./import.ts";
import { digestsOf, exportText, memoryBackend, textSource } from "./transfer.fixture.ts";

const clock = manualClock();
const opened: Backend[] = [];

function store(): Backend {
  const made = memoryBackend();
  opened.push(made);
  return made;
}

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** A store with calls of a tenant, the first two of them linked. */
async function withCalls(tenant: string, ...callIds: readonly string[]): Promise<Backend> {
  const made = store();
  const { audit, auditChain } = made.tenant(tenant);
  for (const [index, callId] of callIds.entries()) {
    await audit.close(callRecord(callId));
    if (index === 1) {
      const request = { limit: 9, checkpointEvery: 9, checkpointNow: true };
      await auditChain.append(testMaker, request);
    }
  }
  return made;
}

const importText = (backend: Backend, text: string) =>
  importStore({ backend, source: textSource(text), clock, batchLines: 2 });

const tableOf = (report: Awaited<ReturnType<typeof importText>>, name: string) =>
  report.tables.find(({ table }) => table === name);

async function chainOf(backend: Backend, tenant: string) {
  const { auditChain } = backend.tenant(tenant);
  return {
    links: (await auditChain.entries()).map(({ link }) => link.callId),
    waiting: (await auditChain.unlinked()).map(({ row }) => row.callId),
    checkpoints: (await auditChain.checkpoints()).map(({ position }) => position),
  };
}

describe("the audit's chain", () => {
  test("comes along into a store without an audit, link by link", async () => {
    const from = await withCalls("a", "one", "two", "three");
    const to = store();
    await importText(to, await exportText(from));
    expect(await digestsOf(to)).toEqual(await digestsOf(from));
    expect(await chainOf(to, "a")).toEqual({
      links: ["one", "two"],
      waiting: ["three"],
      checkpoints: [2],
    });
  });

  test("is made here where there is an audit already, and what is here stays as it is", async () => {
    const from = await withCalls("a", "one", "two", "three");
    const to = await withCalls("a", "mine", "mine too", "mine as well");
    const before = await to.tenant("a").auditChain.entries();
    const text = await exportText(from);
    const report = await importText(to, text);
    expect(tableOf(report, "audit")).toMatchObject({ kept: 3, keptOther: 0 });
    expect(tableOf(report, "audit_chain")).toMatchObject({ kept: 0, countedHere: 2 });
    expect(await to.tenant("a").auditChain.entries()).toEqual(before);
    expect((await chainOf(to, "a")).waiting.toSorted()).toEqual(
      ["mine as well", "one", "three", "two"].toSorted(),
    );
    await to.tenant("a").auditChain.append(testMaker, { limit: 9, checkpointEvery: 9 });
    expect((await chainOf(to, "a")).links).toHaveLength(6);
    // Again: whether a row is linked here says nothing about the row.
    const again = await importText(to, text.replace(/"id":"[^"]*"\}\n/, '"id":"again"}\n'));
    expect(tableOf(again, "audit")).toMatchObject({ kept: 0, thereAlready: 3, keptOther: 0 });
    expect((await chainOf(to, "a")).links).toHaveLength(6);
  });

  test("comes along as a whole where the import was broken off between the audit and its links", async () => {
    const from = await withCalls("a", "one", "two", "three");
    const text = await exportText(from);
    const lines = text.split("\n");
    const cut = lines.findIndex((line) => line.startsWith('{"table":"audit_chain"'));
    const to = store();
    await importText(to, `${lines.slice(0, cut + 1).join("\n")}\n`);
    await importText(to, text);
    expect(await digestsOf(to)).toEqual(await digestsOf(from));
  });
});

test("takes an export of the schema before: what it did not have is as it was then", async () => {
  const from = store();
  await from.tenant("a").audit.close(callRecord("one"));
  await from.tenant("a").approvals.request(question(clock, "asked"));
  const lines = (await exportText(from)).trimEnd().split("\n").slice(0, -1);
  const older = lines.map((line, index) => {
    if (index === 0) return line.replace(/"schema":\d+/, '"schema":2');
    const { table, row } = JSON.parse(line) as { table: string; row: Record<string, unknown> };
    delete row["unchained"];
    delete row["facts"];
    const spelt = Object.keys(row)
      .sort()
      .flatMap((name) => [name, row[name]]);
    const sum = sha256(JSON.stringify([table, ...spelt])).slice(0, 32);
    return JSON.stringify({ table, row, sum });
  });
  const to = store();
  const report = await importText(to, `${older.join("\n")}\n`);
  expect(report.quarantined.first).toEqual([]);
  expect(await chainOf(to, "a")).toMatchObject({ links: [], waiting: ["one"] });
  const [asked] = await to.tenant("a").approvals.list();
  expect((await to.tenant("a").approvals.find(asked?.id ?? "")).facts).toBeNull();
});

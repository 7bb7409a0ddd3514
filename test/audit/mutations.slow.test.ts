import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type AuditedStore,
  auditedStore,
  type AuditState,
  auditTables,
  fillAudit,
} from "../support/audited-store.ts";
import { anyCharacter } from "../support/any-character.ts";
import { changes, cuts, insertions, type Mutation, removals, swaps } from "./mutations.ts";

let audited: AuditedStore;
let states: readonly AuditState[];
let whole: AuditState;

beforeEach(async () => {
  audited = auditedStore();
  states = await fillAudit(audited);
  whole = audited.state();
});
afterEach(() => audited.remove());

/** Does it and says whether a check finds it; undefined where the schema does not take it. */
async function found({ statements }: Mutation): Promise<boolean | undefined> {
  const { native } = audited;
  native.exec("BEGIN");
  try {
    for (const [sql, ...values] of statements) native.prepare(sql).run(...values);
  } catch {
    native.exec("ROLLBACK");
    return undefined;
  }
  native.exec("COMMIT");
  const { ok, found } = await audited.verify("a");
  expect(ok).toBe(found === 0);
  audited.restore(whole);
  return !ok;
}

/** Tries all; those that are not found are the result. */
async function tryAll(
  mutations: Iterable<Mutation>,
): Promise<{ readonly tried: number; readonly refused: number; readonly missed: string[] }> {
  const missed: string[] = [];
  let [tried, refused] = [0, 0];
  for (const mutation of mutations) {
    const seen = await found(mutation);
    if (seen === undefined) refused += 1;
    else tried += 1;
    if (seen === false) missed.push(`${mutation.kind}: ${mutation.name}`);
  }
  return { tried, refused, missed };
}

test("nothing is found in an audit that nobody touched, and it is one with everything in it", async () => {
  for (const tenant of ["a", "b"]) {
    expect(await audited.verify(tenant)).toMatchObject({ ok: true, found: 0, pending: 0 });
  }
  const verdict = await audited.verify("a");
  expect(verdict).toMatchObject({ links: 10, records: 9, checkpoints: 3 });
  expect(whole.audit.filter(({ state }) => state === "open").length).toBe(6);
});

const kinds: readonly (readonly [
  what: string,
  make: (state: AuditState, tenant: string) => Iterable<Mutation>,
  least: number,
])[] = [
  ["a change of any column of any row", changes, 1200],
  ["the removal of any row", removals, 22],
  ["an exchange between any two rows", swaps, 300],
  ["an inserted row", insertions, 40],
  ["a chain that is cut off anywhere, with its checkpoints", cuts, 30],
];

test.each(kinds)(
  "finds %s",
  async (_what, make, least) => {
    const { tried, refused, missed } = await tryAll(make(whole, "a"));
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(least);
    if (process.env["AGENT33_TEST_FIGURES"] !== undefined) {
      process.stdout.write(`figures: ${_what}: ${tried} tried, ${refused} not taken\n`);
    }
  },
  120_000,
);

test("finds an old state of all three tables, also once new calls were linked to it", async () => {
  for (const old of states.slice(0, -1)) {
    audited.restore(old);
    expect((await audited.verify("a")).findings).toContainEqual(
      expect.objectContaining({ kind: "truncated", about: "head", position: 10 }),
    );
    for (let call = 0; call < 12; call += 1) audited.close("a", `new ${call}`);
    await audited.link("a", true);
    expect(audited.warnings.join()).toContain("is not the one that was signed up to");
    expect((await audited.verify("a")).findings).toContainEqual(
      expect.objectContaining({ kind: "changed", about: "head", position: 10 }),
    );
    audited.restore(whole);
  }
  expect(await audited.verify("a")).toMatchObject({ ok: true });
});

test("finds any other text or number in any column", async () => {
  const cells = auditTables.flatMap((table) =>
    whole[table]
      .filter(({ tenant }) => tenant === "a")
      .flatMap((row) => Object.keys(row).map((column) => ({ table, row, column }))),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...cells),
      fc.string({ unit: anyCharacter }),
      fc.integer(),
      async ({ table, row, column }, text, number) => {
        const before = row[column];
        const value = typeof before === "number" ? number : text;
        if (value === before) return;
        const key =
          table === "audit"
            ? (["call_id = ?", row["call_id"] ?? null] as const)
            : (["tenant = 'a' AND position = ?", row["position"] ?? null] as const);
        const sql = `UPDATE ${table} SET ${column} = ? WHERE ${key[0]}`;
        const statements = [[sql, value, key[1]]] as const;
        expect(await found({ kind: "change", name: "", statements })).not.toBe(false);
      },
    ),
    { numRuns: 200 },
  );
}, 60_000);

test("says which record, where, and what is the matter with it", async () => {
  const { native } = audited;
  const findings = async (sql: string) => {
    native.exec(sql);
    const { findings } = await audited.verify("a");
    audited.restore(whole);
    return findings.map(({ kind, about, position, callId }) => [kind, about, position, callId]);
  };
  expect(await findings("UPDATE audit SET outcome = 'ok ' WHERE call_id = 'a-1-read'")).toEqual([
    ["changed", "record", 4, "a-1-read"],
  ]);
  expect(await findings("DELETE FROM audit WHERE call_id = 'a-0-lost'")).toEqual([
    ["removed", "record", 3, "a-0-lost"],
  ]);
  expect(
    await findings("UPDATE audit_chain SET at = at + 1 WHERE tenant = 'a' AND position = 5"),
  ).toEqual([["changed", "link", 5, "a-1-write"]]);
  expect(
    await findings("UPDATE audit_chain SET hash = 'x' WHERE tenant = 'a' AND position = 5"),
  ).toEqual([["changed", "link", 5, "a-1-write"]]);
  expect(
    await findings("DELETE FROM audit_chain WHERE tenant = 'a' AND position IN (4, 5)"),
  ).toContainEqual(["removed", "link", 4, undefined]);
  const exchange = (one: number, other: number) =>
    [
      [one, -1],
      [other, one],
      [-1, other],
    ]
      .map(
        ([from, to]) =>
          `UPDATE audit_chain SET position = ${to} WHERE tenant = 'a' AND position = ${from}`,
      )
      .join(";");
  expect(await findings(exchange(2, 8))).toEqual([
    ["reordered", "link", 2, "a-2-read"],
    ["reordered", "link", 8, "a-0-write"],
  ]);
  expect(await findings(exchange(1, 2))).toEqual([
    ["reordered", "link", 1, "a-0-write"],
    ["reordered", "link", 2, "a-0-read"],
  ]);
  expect(
    await findings("DELETE FROM audit_checkpoints WHERE tenant = 'a' AND position = 7"),
  ).toEqual([["removed", "checkpoint", 10, undefined]]);
  expect(
    await findings(
      "UPDATE audit_checkpoints SET signature = 'aa' WHERE tenant = 'a' AND position = 3",
    ),
  ).toEqual([["forged", "checkpoint", 3, undefined]]);
  expect(
    await findings("DELETE FROM audit_chain WHERE tenant = 'a' AND position = 10"),
  ).toContainEqual(["truncated", "head", 10, undefined]);
});

test("counts what is new and says that nothing vouches for it", async () => {
  audited.close("a", "new");
  audited.close("a", "a-2-lost");
  expect(await audited.verify("a")).toMatchObject({ ok: true, pending: 2 });
  await audited.link("a");
  expect(await audited.verify("a")).toMatchObject({ ok: true, pending: 0, links: 12 });
});

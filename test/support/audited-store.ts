import { join } from "node:path";
import { createChainer } from "../../src/boundary/audit/chainer.ts";
import type { AuditVerdict } from "../../src/boundary/audit/findings.ts";
import { headPath, readHeads } from "../../src/boundary/audit/head-file.ts";
import { takeKey } from "../../src/boundary/audit/key-file.ts";
import { type PublicKeys, readPublicKey } from "../../src/boundary/audit/signing.ts";
import { storedAudit } from "../../src/boundary/audit/stored-audit.ts";
import { verifyAudit } from "../../src/boundary/audit/verify.ts";
import { callRecord } from "../../src/store/conformance/audit.cases.ts";
import { temporaryStore } from "../../src/store/store.fixture.ts";
import { databaseFile } from "../../src/store/store.ts";
import { tableNamed } from "../../src/store/transfer/tables.ts";
import { openSealed } from "./sealed-file.ts";

export const auditTables = ["audit", "audit_chain", "audit_checkpoints"] as const;
export type AuditTable = (typeof auditTables)[number];
export type Cell = string | number | null;
export type Cells = Readonly<Record<string, Cell>>;
export type AuditState = Readonly<Record<AuditTable, readonly Cells[]>>;

/** All but the seal, which belongs to the file. */
const columnsOf = (table: AuditTable): string =>
  (tableNamed(table)?.columns ?? []).map(({ name }) => name).join(", ");

/** A store with an audit of two tenants, and somebody else's hands on its file. */
export function auditedStore() {
  const { store, dataDir, clock, rows: _, remove } = temporaryStore();
  const warnings: string[] = [];
  const chainer = createChainer({
    chainOf: (tenant) => store.backend.tenant(tenant).auditChain,
    key: () => takeKey(dataDir),
    path: headPath(dataDir),
    clock,
    warn: (message) => warnings.push(message),
  });
  const native = openSealed(join(dataDir, databaseFile));
  native.exec("PRAGMA synchronous = OFF");
  let keys: PublicKeys | undefined;
  const link = (tenant: string, ending = false): Promise<void> =>
    chainer.link(tenant, { forMs: 1000, ending });
  const record = (tenant: string, callId: string, outcome: string) =>
    callRecord(callId, {
      at: clock.now(),
      principal: { tenant, user: "me" },
      outcome,
      spend: { tokens: 7, costMicroUsd: 30 },
    });
  /** Where the rows of a state are kept besides, so that the database can bring them back itself. */
  const copies = new Map<AuditState, number>();
  const state = (): AuditState => {
    const number = copies.size;
    const read = auditTables.map((table) => {
      native.exec(
        `CREATE TEMP TABLE ${table}_${number} AS SELECT ${columnsOf(table)} FROM main.${table}`,
      );
      return [table, native.prepare(`SELECT ${columnsOf(table)} FROM ${table}`).all()];
    });
    const made = Object.fromEntries(read) as AuditState;
    copies.set(made, number);
    return made;
  };
  return {
    store,
    dataDir,
    clock,
    native,
    warnings,
    link,
    state,
    /** Sets the three tables to a state that `state` gave. */
    restore: (before: AuditState): void => {
      const number = copies.get(before);
      const back = auditTables.map(
        (table) =>
          `DELETE FROM ${table};
           INSERT INTO ${table} (${columnsOf(table)}) SELECT * FROM temp.${table}_${number};`,
      );
      native.exec(`BEGIN; ${back.join(" ")} COMMIT`);
    },
    open: (tenant: string, callId: string): void =>
      store.tenant(tenant).audit.open(record(tenant, callId, "open")),
    close: (tenant: string, callId: string): void =>
      store.tenant(tenant).audit.close(record(tenant, callId, "ok")),
    verify: (tenant: string): Promise<AuditVerdict> => {
      keys ??= new Map([readPublicKey(takeKey(dataDir).publicPem)]);
      const head = readHeads(headPath(dataDir)).get(tenant);
      const chain = store.backend.tenant(tenant).auditChain;
      return verifyAudit(storedAudit(tenant, chain, head), { keys, places: [] });
    },
    remove: () => {
      native.close();
      remove();
    },
  };
}

export type AuditedStore = ReturnType<typeof auditedStore>;

/** Two tenants' calls in every state, linked in several goes, with three checkpoints of `a`. */
export async function fillAudit(audited: AuditedStore): Promise<readonly AuditState[]> {
  const { open, close, link, clock, state } = audited;
  const states: AuditState[] = [];
  for (let round = 0; round < 3; round += 1) {
    for (const tenant of ["a", "b"]) {
      close(tenant, `${tenant}-${round}-read`);
      open(tenant, `${tenant}-${round}-write`);
      clock.advance(3);
      if (round === 1) await link(tenant);
      close(tenant, `${tenant}-${round}-write`);
      open(tenant, `${tenant}-${round}-lost`);
      await link(tenant, tenant === "a");
      clock.advance(1000);
    }
    states.push(state());
  }
  return states;
}

import { sha256 } from "../../base/digest.ts";
import { first, type Program, rows } from "../program.ts";
import type { Migration } from "../schema/migrations.ts";
import type { SqlSession } from "./session.ts";

/**
 * Whether the database itself keeps the tenants apart, as a second wall behind the statements that
 * each name their tenant. Superusers and roles with BYPASSRLS walk through it.
 */
export type Isolation =
  | { readonly kind: "row-level" }
  | { readonly kind: "bypassed"; readonly role: string };

const everybody = "current_setting('agent33.all_tenants', true) = 'on'";
const ownTenant = "tenant = current_setting('agent33.tenant', true)";

const throughRun = (table: string): string =>
  `EXISTS (SELECT 1 FROM runs WHERE runs.id = ${table}.run_id AND ${ownTenant})`;

/** Tables without a tenant of their own, and whose their rows are. */
const withoutTenant: Readonly<Record<string, string>> = {
  run_events: throughRun("run_events"),
  durable_runs: throughRun("durable_runs"),
  durable_steps: throughRun("durable_steps"),
  durable_messages: throughRun("durable_messages"),
  // Imports and copies of whole stores: no tenant's.
  transfers: "false",
};

const conditionOf = (table: string): string =>
  `${everybody} OR ${withoutTenant[table] ?? ownTenant}`;

/** The name says which condition it is, so that a changed one replaces the policy. */
const policyOf = (table: string): string =>
  `agent33_tenant_${sha256(conditionOf(table)).slice(0, 8)}`;

/**
 * The tables that the schema makes. Nothing else is touched: other programs may have tables with a
 * column of that name beside ours.
 */
function tablesOf(list: readonly Migration[]): readonly string[] {
  const made = list.flatMap(({ text }) => [
    ...text.matchAll(/\bCREATE TABLE (\w+)|\bRENAME TO (\w+)/g),
  ]);
  return [...new Set(made.map((match) => match[1] ?? match[2] ?? ""))];
}

/** The tables of the schema that need a wall and have none, or another one, with its policies. */
export function* unwalled(
  list: readonly Migration[],
): Program<readonly { readonly table: string; readonly stale: readonly string[] }[]> {
  const found = yield* rows(
    `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS walled,
       COALESCE((SELECT string_agg(polname, ' ') FROM pg_policy WHERE polrelid = c.oid), '') AS policies
     FROM pg_class c
     WHERE c.oid IN (SELECT to_regclass(name) FROM json_array_elements_text(CAST(? AS json)) AS name)
       AND (c.relname IN (SELECT json_array_elements_text(CAST(? AS json)))
         OR EXISTS (SELECT 1 FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped))
     ORDER BY c.relname`,
    JSON.stringify(tablesOf(list)),
    JSON.stringify(Object.keys(withoutTenant)),
  );
  return found.flatMap((row) => {
    const table = String(row["name"]);
    const policies = String(row["policies"])
      .split(" ")
      .filter((name) => name !== "");
    const stale = policies.filter((name) => name !== policyOf(table));
    const right = row["walled"] === 1 && policies.includes(policyOf(table)) && stale.length === 0;
    return right ? [] : [{ table, stale }];
  });
}

/**
 * Puts the wall around each table of the list: even the tables' owner sees and writes only rows of
 * the tenant that its transaction is for.
 */
export async function wall(
  session: SqlSession,
  tables: readonly { readonly table: string; readonly stale: readonly string[] }[],
): Promise<void> {
  const statements = tables.flatMap(({ table, stale }) => [
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
    `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`,
    ...[...stale, policyOf(table)].map((name) => `DROP POLICY IF EXISTS "${name}" ON ${table}`),
    `CREATE POLICY ${policyOf(table)} ON ${table}
       USING (${conditionOf(table)}) WITH CHECK (${conditionOf(table)})`,
  ]);
  if (statements.length > 0) await session.script(statements.join(";\n"), "patient");
}

/** Whether the wall holds for the role that is connected. */
export function* isolation(): Program<Isolation> {
  const role = yield* first(
    `SELECT rolname AS name, rolsuper OR rolbypassrls AS free FROM pg_roles
     WHERE rolname = current_user`,
  );
  if (role?.["free"] === 0) return { kind: "row-level" };
  return { kind: "bypassed", role: String(role?.["name"] ?? "unknown") };
}

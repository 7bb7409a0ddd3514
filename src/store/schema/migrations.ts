import { sha256 } from "../../base/digest.ts";
import { schema001 } from "./001-first.ts";
import { rows002, schema002 } from "./002-learning.ts";
import { schema003 } from "./003-boundary.ts";
import { rows004, schema004 } from "./004-seals.ts";
import { postgres004 } from "./004-seals-postgres.ts";
import { postgres005, rows005, schema005 } from "./005-api-keys.ts";
import { postgres006, rows006, schema006 } from "./006-alerts.ts";

/** One step of the schema. Its place in the list, from 1, is its version. */
export interface Migration {
  readonly name: string;
  /** In SQLite's words; see `postgresText`. Never edited once released. */
  readonly text: string;
  /** Run after `text` on SQLite only. */
  readonly rows?: string;
  /** In PostgreSQL's words, run after `text` there only. */
  readonly postgres?: string;
}

/** Every migration, oldest first. Append only. */
export const migrations: readonly Migration[] = [
  { name: "first", text: schema001 },
  { name: "learning", text: schema002, rows: rows002 },
  { name: "boundary", text: schema003 },
  { name: "seals", text: schema004, rows: rows004, postgres: postgres004 },
  { name: "api keys", text: schema005, rows: rows005, postgres: postgres005 },
  { name: "alerts", text: schema006, rows: rows006, postgres: postgres006 },
];

/** The version from which rows have seals. */
export const sealsSince = migrations.findIndex(({ name }) => name === "seals") + 1;

/** The statements that keep the history of the schema. */
export const bookkeeping = `
CREATE TABLE IF NOT EXISTS migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;
`;

/** What a store remembers of a step, to notice one that was changed after its release. */
export function checksumOf({ text, rows, postgres }: Migration): string {
  return sha256([text, rows, postgres].join(""));
}

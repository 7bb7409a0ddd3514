import { sha256 } from "../../base/digest.ts";
import { schema001 } from "./001-first.ts";
import { rows002, schema002 } from "./002-learning.ts";
import { schema003 } from "./003-boundary.ts";

/** One step of the schema. Its place in the list, from 1, is its version. */
export interface Migration {
  readonly name: string;
  /** In SQLite's words; see `postgresText`. Never edited once released. */
  readonly text: string;
  /** Run after `text` on SQLite only: PostgreSQL stores begin with the version that brought them. */
  readonly rows?: string;
}

/** Every migration, oldest first. Append only. */
export const migrations: readonly Migration[] = [
  { name: "first", text: schema001 },
  { name: "learning", text: schema002, rows: rows002 },
  { name: "boundary", text: schema003 },
];

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
export function checksumOf({ text, rows }: Migration): string {
  return sha256(rows === undefined ? text : `${text}${rows}`);
}

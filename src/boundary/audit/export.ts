import type { Clock } from "../../base/clock.ts";
import {
  type ExportHeader,
  exportFormat,
  type ExportLine,
  exportVersion,
} from "./export-format.ts";
import type { Link } from "./link.ts";
import type { AuditKey } from "./signing.ts";
import type { AuditSource } from "./verify.ts";

/** What an export has. */
export interface AuditExportReport {
  readonly tenant: string;
  readonly links: number;
  readonly records: number;
  readonly checkpoints: number;
  readonly keyId: string;
  readonly end: { readonly position: number; readonly hash: string } | null;
}

/** Writes a tenant's audit as lines that can be checked alone, in memory that does not grow. */
export async function exportAudit(options: {
  readonly source: AuditSource;
  readonly key: AuditKey;
  readonly clock: Clock;
  /** Takes the next piece of the file. */
  readonly write: (text: string) => Promise<void>;
}): Promise<AuditExportReport> {
  const { source, key, clock, write } = options;
  const line = (one: ExportHeader | ExportLine): Promise<void> => write(`${JSON.stringify(one)}\n`);
  const { tenant } = source;
  let links = 0;
  let records = 0;
  let checkpoints = 0;
  let previous = 0;
  let end: Link | undefined;
  await line({
    format: exportFormat,
    version: exportVersion,
    tenant,
    keys: [key.publicPem],
  });
  // What the store was held to goes along: a new signature must not make good what is missing there.
  if (source.head !== undefined) await line({ head: source.head });
  for await (const checkpoint of source.checkpoints) {
    checkpoints += 1;
    previous = checkpoint.position;
    await line({ checkpoint });
  }
  for await (const { link, row, superseded, unchained } of source.entries) {
    links += 1;
    if (row !== undefined && !superseded) records += 1;
    end = link;
    await line({ link, record: superseded ? null : (row ?? null), superseded, unchained });
  }
  for await (const { row, unchained } of source.unlinked) {
    records += 1;
    await line({ record: row, unchained });
  }
  if (end !== undefined) {
    const { position, hash } = end;
    const place = { tenant, position, previous, hash, at: clock.now() };
    await line({ head: key.sign("head", place) });
  }
  return {
    tenant,
    links,
    records,
    checkpoints,
    keyId: key.keyId,
    end: end === undefined ? null : { position: end.position, hash: end.hash },
  };
}

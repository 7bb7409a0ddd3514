import { z } from "zod";
import type { BackupList } from "../engine.ts";
import { errorData, errorOrNull } from "./checks-view.ts";
import { moment } from "./input.ts";

const count = z.int().nonnegative();

/** A backup, by what its manifest says. */
export const backupSchema = z
  .strictObject({
    id: z.string(),
    at: moment,
    kind: z.string().nullable().describe("`manual`, `scheduled`, before an `upgrade` or `migrate`"),
    engine: z.string().nullable().describe("the AGENT-33 that made it"),
    schemaVersion: z.int().nullable(),
    change: count.nullable().describe("number of the last change that is in it"),
    bytes: count.nullable(),
    rows: count.nullable(),
    error: errorData.nullable().describe("why its manifest cannot be used; null where it can"),
  })
  .meta({ id: "Backup" });

type Entry = BackupList["backups"][number];

/** When a backup was made: its id begins with it. Milliseconds since the Unix epoch. */
export function backupTime({ id }: Pick<Entry, "id">): number {
  const [, day = "", time = ""] = /^(\d{4}-\d{2}-\d{2})T([\d-]+\.\d{3}Z)/.exec(id) ?? [];
  const at = Date.parse(`${day}T${time.replaceAll("-", ":")}`);
  return Number.isNaN(at) ? 0 : at;
}

export function backupView(entry: Entry): z.input<typeof backupSchema> {
  const { id, manifest, fault } = entry;
  const rows = Object.values(manifest?.rows ?? {}).reduce((sum, some) => sum + some, 0);
  return {
    id,
    at: backupTime(entry),
    kind: manifest?.kind ?? null,
    engine: manifest?.engine ?? null,
    schemaVersion: manifest?.schema ?? null,
    change: manifest?.seq ?? null,
    bytes: manifest?.database.bytes ?? null,
    rows: manifest === undefined ? null : rows,
    error: errorOrNull(fault?.toJSON() ?? null),
  };
}

const lastCheckSchema = z
  .strictObject({
    at: moment,
    sound: z.boolean(),
    rows: count,
    problems: z.array(z.string()).describe("what is wrong, or the first of it"),
  })
  .meta({ id: "StoreCheck" });

export const standingSchema = z
  .strictObject({
    kind: z.string(),
    schemaVersion: z.int(),
    knownVersion: z.int().describe("the schema that this AGENT-33 knows"),
    bytes: count.describe("of the database file"),
    rows: z.record(z.string(), count).nullable().describe("by table, all tenants together"),
    lastCheck: lastCheckSchema.nullable().describe("the last reading of all of it"),
    backups: count,
    newestBackup: backupSchema.nullable(),
    recoveries: count,
    keeps: z
      .strictObject({
        checkEveryHours: count,
        backupEveryMinutes: count,
        backups: z.record(z.string(), count).describe("backups of each kind that are kept"),
        journal: z.boolean(),
        journalDays: count,
        onDamage: z.string(),
      })
      .describe("as the settings say"),
  })
  .meta({ id: "StoreStanding" });

export const recoverySchema = z
  .looseObject({
    at: moment,
    backup: z.string().nullable(),
    rows: z.record(z.string(), count),
    lost: z.array(z.strictObject({ table: z.string(), id: z.string() })),
    orphans: count,
    durationMs: count,
  })
  .meta({ id: "StoreRecovery" });

const quarantineFields = {
  id: z.int(),
  tenant: z.string(),
  origin: z.string().describe("the file that it comes from"),
  place: z.string().describe("where it stands in that"),
  reason: z.string(),
  at: moment,
};

export const quarantineSchema = z
  .strictObject({ ...quarantineFields, begins: z.string().describe("the first of what it says") })
  .meta({ id: "QuarantineItem" });

export const quarantinedSchema = z
  .strictObject({ ...quarantineFields, content: z.string() })
  .meta({ id: "Quarantined" });

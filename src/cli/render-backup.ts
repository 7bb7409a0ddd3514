import { basename } from "node:path";
import { formatBytes } from "../base/bytes.ts";
import type { BackupList, MadeBackup, RestoreReport, Verified } from "../engine.ts";
import { columns } from "./output.ts";
import { count } from "./render-move.ts";

type Facts = NonNullable<BackupList["backups"][number]["manifest"]>;

function rowsOf({ rows }: Pick<Facts, "rows">): number {
  return Object.values(rows).reduce((sum, number) => sum + number, 0);
}

/** What a backup has. */
export function backupText({ id, path, manifest, damaged, trouble }: MadeBackup): string {
  const { database, files, seq, schema } = manifest;
  return [
    columns([
      ["backup", id],
      ["folder", path],
      ["rows", count(rowsOf(manifest))],
      ["change", String(seq)],
      ["schema", String(schema)],
      ["size", `${formatBytes(database.bytes)} of ${formatBytes(database.unpackedBytes)}`],
      ["files", count(files.length)],
    ]),
    ...damaged.map((file) => `damaged in the data folder, and not in the backup: ${file}`),
    ...(trouble === undefined ? [] : [`tidying up failed: ${trouble}`]),
    "",
    "It was read back and is whole.",
  ].join("\n");
}

/** The backups of a folder, a line each. */
export function backupsText({ folder, backups }: BackupList): string {
  if (backups.length === 0) return `There is no backup in ${folder}.`;
  const rows = backups.map(({ id, manifest, fault }) =>
    manifest === undefined
      ? [id, "", "", "", fault?.message ?? "cannot be read"]
      : [
          id,
          count(rowsOf(manifest)),
          String(manifest.seq),
          formatBytes(manifest.database.bytes),
          `schema ${manifest.schema}`,
        ],
  );
  return `${folder}\n\n${columns([["BACKUP", "ROWS", "CHANGE", "SIZE", ""], ...rows])}`;
}

/** What of the backups and the journal is whole. */
export function verifyText({ whole, backups, journal }: Verified): string {
  const rows = [
    ...backups.map(({ id, manifest, fault }) => [
      id,
      fault === undefined ? "whole" : "DAMAGED",
      fault?.message ?? `${count(manifest === undefined ? 0 : rowsOf(manifest))} rows`,
    ]),
    ...journal.map(({ history, from, to, problems }) => [
      `journal ${history}`,
      problems.length === 0 ? "whole" : "DAMAGED",
      problems.length === 0 ? `changes ${from} to ${to}` : problems.join("; "),
    ]),
  ];
  if (rows.length === 0) return "There is no backup and no journal to verify.";
  return `${columns(rows)}\n\n${whole ? "All is whole." : "What is damaged cannot be relied on."}`;
}

/** What a restore did. */
export function restoreText(report: RestoreReport): string {
  const { path, backup, journal, passedOver, aside, dryRun, files, durationMs } = report;
  const facts = [
    ["store", path],
    ["from", backup === null ? "the journal alone" : basename(backup)],
    ...(journal === null ? [] : [["journal", journalWords(journal)]]),
    ["rows", count(rowsOf(report))],
    ...(files === 0 ? [] : [["files", `${count(files)} put back`]]),
    ["took", `${(durationMs / 1000).toFixed(1)} s`],
  ];
  return [
    columns(facts),
    "",
    ...passedOver.map(({ why }) => `Passed over: ${why}`),
    ...(journal?.end === "gap"
      ? [`The journal lacks changes after number ${journal.seq}: what came later is not in it.`]
      : []),
    dryRun ? "It can be restored. Nothing was changed." : "The store is restored.",
    ...(aside === null ? [] : [`What it was before is kept in ${aside}.`]),
  ].join("\n");
}

function journalWords({ changes, seq, at }: NonNullable<RestoreReport["journal"]>): string {
  const last = at === null ? "" : ` of ${new Date(at).toISOString()}`;
  return `${count(changes)} changes, up to number ${seq}${last}`;
}

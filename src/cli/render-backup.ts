import { basename } from "node:path";
import { formatBytes } from "../base/bytes.ts";
import type { BackupList, MadeBackup, RestoreReport, VerifiedBackup } from "../engine.ts";
import { columns } from "./output.ts";
import { count } from "./render-move.ts";

type Facts = NonNullable<BackupList["backups"][number]["manifest"]>;

function rowsOf({ rows }: Pick<Facts, "rows">): number {
  return Object.values(rows).reduce((sum, number) => sum + number, 0);
}

/** What a backup has. */
export function backupText({ id, path, manifest, damaged }: MadeBackup): string {
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

/** Which backups are whole. */
export function verifyText(verified: readonly VerifiedBackup[]): string {
  if (verified.length === 0) return "There is no backup to verify.";
  const rows = verified.map(({ id, manifest, fault }) => [
    id,
    fault === undefined ? "whole" : "DAMAGED",
    fault?.message ?? `${count(manifest === undefined ? 0 : rowsOf(manifest))} rows`,
  ]);
  const bad = verified.filter(({ fault }) => fault !== undefined).length;
  const sum = bad === 0 ? "All are whole." : `${bad} of ${verified.length} cannot be used.`;
  return `${columns(rows)}\n\n${sum}`;
}

/** What a restore did. */
export function restoreText(report: RestoreReport): string {
  const { path, backup, aside, dryRun, files, durationMs } = report;
  const facts = [
    ["store", path],
    ["from", basename(backup)],
    ["rows", count(rowsOf(report))],
    ...(files === 0 ? [] : [["files", `${count(files)} put back`]]),
    ["took", `${(durationMs / 1000).toFixed(1)} s`],
  ];
  if (dryRun) return `${columns(facts)}\n\nIt can be restored. Nothing was changed.`;
  return [
    columns(facts),
    "",
    "The store is restored.",
    ...(aside === null ? [] : [`What it was before is kept in ${aside}.`]),
  ].join("\n");
}

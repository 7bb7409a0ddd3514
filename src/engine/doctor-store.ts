import { statSync } from "node:fs";
import { join } from "node:path";
import { toAgent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { listBackups } from "../store/backup/catalogue.ts";
import { damagedStore, fullCheck } from "../store/check.ts";
import { readLastCheck } from "../store/last-check.ts";
import type { PostgresReport } from "../store/postgres/inspect.ts";
import { damageError } from "../store/seals/damaged-row.ts";
import { databaseFile } from "../store/store.ts";
import type { DoctorFinding } from "./doctor-finding.ts";
import { inspectGranted } from "./grants.ts";
import type { Host } from "./host.ts";
import { backupPlaces } from "./store-backup.ts";

const what = "team store";
/** The doctor is asked by somebody who waits. Milliseconds. */
const connectTimeoutMs = 5000;

/**
 * What is found at the address of `learning.store`, where one is set. Nothing is made there. Runs go
 * on without it, so nothing here keeps AGENT-33 from working.
 */
export async function teamStoreFindings(
  { settings }: Config,
  host: Host,
): Promise<readonly DoctorFinding[]> {
  const { store: url } = settings.learning;
  if (url === undefined) return [];
  const { clock, random } = host;
  try {
    return [findingOf(await inspectGranted({ url, clock, random, connectTimeoutMs }))];
  } catch (thrown) {
    const { code, message, hint } = toAgent33Error(thrown);
    const finding = { what, state: "warn", detail: `${code}: ${message}` } as const;
    return [hint === undefined ? finding : { ...finding, fix: hint }];
  }
}

function findingOf(report: PostgresReport): DoctorFinding {
  const { place, schemaVersion, knownVersion, isolation } = report;
  if (schemaVersion === 0) {
    return { what, state: "ok", detail: `${place} is empty; the first who needs it makes a store` };
  }
  const found = `${place}, schema version ${schemaVersion}`;
  if (schemaVersion < knownVersion) {
    return {
      what,
      state: "warn",
      detail: `${found}; this AGENT-33 works with version ${knownVersion}`,
      fix: `Make a backup (pg_dump), then bring it up to date: agent33 store migrate ${place}`,
    };
  }
  if (isolation.kind === "row-level") return { what, state: "ok", detail: found };
  return {
    what,
    state: "warn",
    detail: `${found}; the role ${isolation.role} passes the walls between tenants`,
    fix: "Connect as an ordinary role, which is no superuser and has no BYPASSRLS.",
  };
}

/** What reading the store from end to end finds: its pages, its indexes, and every row's checksum. */
export function storeFinding(dataDir: string): DoctorFinding {
  const path = join(dataDir, databaseFile);
  const { sound, problems, damaged, rows } = fullCheck(path);
  if (sound) {
    const detail = `${dataDir}, SQLite ${process.versions.sqlite ?? "?"}, ${rows} rows, each as it was written`;
    return { what: "store", state: "ok", detail };
  }
  const said = [...problems, ...damaged.map((row) => damageError(row).message)];
  const { message, hint = "" } = damagedStore(path, said);
  const more = said.length > 1 ? ` (${said.length} findings)` : "";
  return { what: "store", state: "fail", detail: `${message}${more}`, fix: hint };
}

const dayMs = 86_400_000;
/** A check or a backup that is older is told of. */
const oldMs = 7 * dayMs;

/** How long ago all of the store was read, and backed up. */
export function upkeepFindings(config: Config, host: Host): readonly DoctorFinding[] {
  const { dataDir, backups } = backupPlaces(config, host);
  const { checkEveryHours } = config.settings.store;
  const { everyMinutes } = config.settings.backup;
  const now = host.clock.now();
  const since = statSync(join(dataDir, databaseFile)).birthtimeMs;
  const finding = (
    what: string,
    at: number | undefined,
    never: string,
    fix: string,
  ): DoctorFinding => {
    const detail = at === undefined ? never : `the last one ${agoText(now - at)}`;
    return now - (at ?? since) > oldMs
      ? { what, state: "warn", detail, fix }
      : { what, state: "ok", detail };
  };
  const newest = listBackups(backups).find(({ manifest }) => manifest !== undefined);
  const backedUpAt = newest?.manifest === undefined ? undefined : Date.parse(newest.manifest.at);
  return [
    finding(
      "full check",
      readLastCheck(dataDir)?.at,
      checkEveryHours === 0
        ? "none is made (store.checkEveryHours is 0)"
        : `none yet; made every ${checkEveryHours} hours while something works on the store`,
      "Set store.checkEveryHours, and let `agent33 work` run; this doctor has read all of it now.",
    ),
    finding(
      "backup",
      backedUpAt,
      everyMinutes === 0
        ? "none, and none is made by itself (backup.everyMinutes is 0)"
        : `none yet; made every ${everyMinutes} minutes while something works on the store`,
      "Make one: agent33 store backup",
    ),
  ];
}

function agoText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
}

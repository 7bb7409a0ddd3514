import { join, resolve } from "node:path";
import { putFile } from "../base/disk.ts";
import { Agent33Error } from "../base/errors.ts";
import { isJsonObject, type JsonValue } from "../base/json.ts";
import { cutName, cutOperation, engineConnector } from "../boundary/audit/cut.ts";
import type { Settings } from "../config/schema.ts";
import type { CallRecord } from "../boundary/types.ts";
import type { Place } from "../observability/feed/feed.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import type { Store } from "../store/store.ts";
import type { Audit } from "./audit.ts";
import type { Host } from "./host.ts";
import type { Metrics } from "./metrics.ts";
import { type RecurringWork, recurringWork } from "./recurring-work.ts";
import {
  type Counted,
  removeEvaluations,
  removeRunFiles,
  removeTelemetry,
} from "./retention-files.ts";
import { readRetained, retainedName } from "./retained.ts";
import type { TelemetryExports } from "./telemetry.ts";

export const retentionClasses = ["audit", "runs", "alerts", "telemetry", "evaluations"] as const;
export type RetentionClass = (typeof retentionClasses)[number];

/** What was removed of one class, or would be. */
export interface RetentionCount {
  readonly class: RetentionClass;
  /** Whole days, or that nothing of it is ever removed. */
  readonly days: number | "keep";
  /** Records, runs, lines of history, files or jobs. */
  readonly removed: number;
  /** Why something that is old enough stays. */
  readonly kept: readonly string[];
}

export interface RetentionReport {
  readonly at: number;
  readonly dryRun: boolean;
  readonly classes: readonly RetentionCount[];
}

/** Removes what is older than the settings say. */
export interface Retention {
  /**
   * @param request `dryRun`: says what would be removed, and removes nothing
   * @throws Agent33Error `engine.retention_running`, `store.*`
   */
  apply(request: { readonly dryRun: boolean }): Promise<RetentionReport>;
  /** Does so as often as the settings say, while this process lives. */
  readonly schedule: RecurringWork;
}

export interface RetentionParts {
  readonly settings: Settings;
  readonly opened: Store;
  readonly dataDir: string;
  readonly host: Host;
  readonly audit: Pick<Audit, "settle" | "sink">;
  readonly metrics: Pick<Metrics, "preserve">;
  readonly telemetry: Pick<TelemetryExports, "places" | "rotate">;
  /** Milliseconds between two looks at whether it is due. Default: a minute. */
  readonly lookEveryMs?: number;
}

/** One time that the settings are applied. */
interface Round extends RetentionParts {
  readonly dryRun: boolean;
  readonly now: number;
  readonly tenants: readonly string[];
  /** How far the metrics and each export have read: what they have not read stays. */
  readonly places: readonly Place[];
  /** Told that it has to end. */
  readonly isEnding: () => boolean;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const usualLookMs = 60_000;
const runsAtOnce = 200;

export function createRetention(parts: RetentionParts): Retention {
  const { settings, dataDir, host } = parts;
  const { everyHours } = settings.retention;
  const isOn = retentionClasses.some((one) => settings.retention[one] !== "keep");
  let closed = false;

  const apply = async (dryRun: boolean): Promise<RetentionReport> => {
    const lock = takeLock(join(dataDir, "retention.lock"), "alone", 0);
    if (lock === undefined) {
      throw new Agent33Error(
        "engine.retention_running",
        "Another process removes what is too old at this moment.",
        { hint: "Try again when it is done.", retryable: true },
      );
    }
    try {
      return await applyOnce(parts, dryRun, () => closed);
    } finally {
      lock.release();
    }
  };
  const isDue = (): boolean => {
    const last = readRetained(dataDir);
    return last === undefined || host.clock.now() - last >= everyHours * hourMs;
  };
  const schedule = recurringWork({
    lookEveryMs: isOn ? (parts.lookEveryMs ?? usualLookMs) : undefined,
    processes: { killAll: async () => undefined },
    work: async () => {
      if (isOn && isDue()) await apply(false);
    },
    onFailure: ({ code, message }) => {
      if (code !== "engine.retention_running") host.warn(`retention: ${code}: ${message}`);
    },
  });
  return {
    apply: ({ dryRun }) => apply(dryRun),
    schedule: {
      look: schedule.look,
      close: async () => {
        closed = true;
        await schedule.close();
      },
    },
  };
}

async function applyOnce(
  parts: RetentionParts,
  dryRun: boolean,
  isEnding: () => boolean,
): Promise<RetentionReport> {
  const { settings, opened, dataDir, host, audit, metrics, telemetry } = parts;
  const now = host.clock.now();
  const first = await metrics.preserve();
  const tenants = Object.keys(first);
  await audit.settle(tenants);
  // Once more, so that what was linked just now is in it.
  const places = [await metrics.preserve(), ...telemetry.places()];
  const round: Round = { ...parts, dryRun, now, tenants, places, isEnding };
  const { retention } = settings;
  const work: Readonly<Record<RetentionClass, (before: number) => Promise<Counted>>> = {
    // Before the audit: that a run was removed is in it.
    runs: (before) => removeRuns(round, before),
    audit: (before) => cutAudits(round, before),
    alerts: (before) =>
      noted(round, "alerts", async (dry) => {
        const { alerts } = opened.backend.tenant(settings.tenant);
        const count = dry ? alerts.forgettable(before) : alerts.forgetHistory(before);
        return { removed: await count, kept: [] };
      }),
    telemetry: (before) =>
      noted(round, "telemetry", async (dry) =>
        removeTelemetry(
          { host, dryRun: dry, path: filePath(settings, host), rotate: telemetry.rotate },
          before,
        ),
      ),
    evaluations: (before) =>
      noted(round, "evaluations", (dry) =>
        removeEvaluations(resolve(host.cwd, "jobs"), before, dry),
      ),
  };
  const classes: RetentionCount[] = [];
  for (const one of ["runs", "audit", "alerts", "telemetry", "evaluations"] as const) {
    const days = retention[one];
    const { removed, kept } =
      days === "keep" || isEnding() ? nothing : await work[one](now - days * dayMs);
    classes.push({ class: one, days, removed, kept });
  }
  await audit.settle(tenants);
  if (!dryRun) putFile(join(dataDir, retainedName), JSON.stringify({ at: now }), String(host.pid));
  return { at: now, dryRun, classes };
}

/** Files and lines: what would go is counted and noted in the audit, and then it goes. */
async function noted(
  round: Round,
  name: RetentionClass,
  remove: (dryRun: boolean) => Promise<Counted>,
): Promise<Counted> {
  const wished = await remove(true);
  if (round.dryRun) return wished;
  if (wished.removed > 0) {
    const { tenant } = round.settings;
    note(round, tenant, `retention.${name}`, `retention-${name}:${wished.removed}`);
  }
  return remove(false);
}

const nothing: Counted = { removed: 0, kept: [] };

function filePath({ telemetry }: Settings, { cwd }: Host): string | undefined {
  return telemetry.jsonl === undefined ? undefined : resolve(cwd, telemetry.jsonl);
}

/** Each removal is a record of the audit, written before anything goes. */
function note(
  { host, audit, settings }: Pick<Round, "host" | "audit" | "settings">,
  tenant: string,
  operation: string,
  logicalCallId: string,
): void {
  const ruleId = `settings/${operation}`;
  const record: CallRecord = {
    callId: host.ids(),
    logicalCallId,
    at: host.clock.now(),
    principal: { tenant, user: settings.user },
    connector: engineConnector,
    operation,
    effect: "destructive",
    repeat: "safe",
    decision: { effect: "allow", ruleId, matched: [ruleId], policyVersion: "settings" },
    attempts: [],
    durationMs: 0,
    outcome: "ok",
  };
  audit.sink(tenant).close(record);
}

async function cutAudits(round: Round, before: number): Promise<Counted> {
  let removed = 0;
  const kept: string[] = [];
  for (const tenant of round.tenants) {
    const { auditChain } = round.opened.backend.tenant(tenant);
    const read = Math.min(...round.places.map((place) => place[tenant]?.calls ?? 0));
    const cut = await auditChain.removable(before, read);
    if (read < (round.places[0]?.[tenant]?.calls ?? 0)) {
      kept.push(`audit of ${tenant}: what an export has not handed over stays.`);
    }
    if (cut === undefined) continue;
    if (round.dryRun) {
      removed += cut.links;
      continue;
    }
    note(round, tenant, cutOperation, cutName(cut));
    // The record that says so is linked, signed outside of the store and committed before it is done.
    await round.audit.settle([tenant]);
    removed += await auditChain.cut(cut.position);
  }
  return { removed, kept };
}

async function removeRuns(round: Round, before: number): Promise<Counted> {
  const { opened, settings, dryRun, places, isEnding } = round;
  const kept: string[] = [];
  let removed = 0;
  for (const tenant of round.tenants) {
    const rows = opened.backend.tenant(tenant);
    const below = 1 + Math.min(...places.map((place) => place[tenant]?.runs ?? 0));
    const unread = new Set(places.flatMap((place) => Object.keys(place[tenant]?.open ?? {})));
    const needed = new Set((await rows.runs.unfinished()).flatMap(({ spec }) => runsIn(spec)));
    const stays = (id: string): boolean => unread.has(id) || needed.has(id);
    const learns = settings.learning.enabled;
    // What stays is passed over, and asked for once more in each part.
    for (let passed = 0; !isEnding(); ) {
      const limit = passed + runsAtOnce;
      const found = await rows.runs.removable(before, { below, learns, limit });
      const going = found.filter(({ id }) => !stays(id));
      if (dryRun) {
        const all = await rows.runs.removable(before, { below, learns, limit: 1_000_000 });
        removed += all.filter(({ id }) => !stays(id)).length;
        break;
      }
      if (going.length > 0) {
        note(round, tenant, "retention.runs", `retention-runs:${going.length}`);
      }
      for (const { id } of going) if ((await rows.runs.remove(id)) !== undefined) removed += 1;
      passed = found.length - going.length;
      if (found.length < limit) break;
    }
    const held = (await rows.runs.removable(before, { below, learns, limit: 10_000 })).length;
    if (!dryRun && held > 0) {
      kept.push(`runs of ${tenant} that one that goes on needs, or an export: ${held}.`);
    }
    if (learns) {
      const all = { below: Number.MAX_SAFE_INTEGER, learns: false, limit: 10_000 };
      const old = (await rows.runs.removable(before, all)).length;
      const ready = (await rows.runs.removable(before, { ...all, learns })).length;
      if (old > ready)
        kept.push(`runs of ${tenant} of which nothing was learned yet: ${old - ready}.`);
    }
  }
  if (!dryRun) await removeRunFiles(round);
  return { removed, kept };
}

/** Every run that the request of another one names: the one that it replays, attempts before it. */
function runsIn(spec: JsonValue): readonly string[] {
  if (!isJsonObject(spec)) return [];
  const { replayOf, escalation } = spec;
  const earlier = isJsonObject(escalation ?? null)
    ? (escalation as { earlier?: JsonValue }).earlier
    : [];
  const attempts = (Array.isArray(earlier) ? (earlier as readonly JsonValue[]) : []).flatMap(
    (one) => (isJsonObject(one) && typeof one["runId"] === "string" ? [one["runId"]] : []),
  );
  return [...(typeof replayOf === "string" ? [replayOf] : []), ...attempts];
}

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeFolder, putFile } from "../base/disk.ts";
import { messageOf, toAgent33Error } from "../base/errors.ts";
import { advance } from "../observability/alerts/advance.ts";
import type { Alert, AlertNews } from "../observability/alerts/alert.ts";
import type { AlertSource } from "../observability/alerts/evaluate.ts";
import {
  failedNotice,
  type Message,
  type Notice,
  planMessages,
  toldNotice,
} from "../observability/alerts/notices.ts";
import type { Recent } from "../observability/alerts/reader.ts";
import type { ActiveRule } from "../observability/alerts/rule.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";
import type { Levels } from "./alert-levels.ts";
import type { Receiver } from "./alert-receivers.ts";
import type { Host } from "./host.ts";

export interface WatchParts {
  readonly host: Host;
  /** Where the lock and whose turn it is are kept. */
  readonly folder: string;
  readonly rules: readonly ActiveRule[];
  readonly rows: Pick<SyncTenantStore, "alerts" | "alertNotices" | "alertSilences">;
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly byOwner: ReadonlyMap<string, readonly string[]>;
  readonly repeatMs: number;
  /** Where `agent33 serve` is, for links. */
  readonly base: string | undefined;
  readonly everyMs: number;
  /** What happened of late and how things are. */
  readonly look: () => Promise<{ readonly recent: Recent; readonly levels: Levels }>;
}

/** Looks at all alerts, and tells whoever is to be told. */
export interface AlertWatch {
  /**
   * One look. Of several processes on a store one looks at a time, and goes on to: another one takes
   * over when it has not looked for a while.
   * @param now do it whosever turn it is; waits for a look that is under way
   * @returns whether this process did it
   */
  turn(now?: boolean): Promise<boolean>;
}

const turnSchema = z.object({ owner: z.string(), at: z.number() });
/** A process that waits for another one's look waits so long. */
const waitMs = 10_000;
/** And looks again as often as this. */
const retryMs = 50;

export function createAlertWatch(parts: WatchParts): AlertWatch {
  const { host, folder, everyMs } = parts;
  const owner = host.ids();
  const turnPath = join(folder, "alerts-turn.json");

  const isOurs = (): boolean => {
    if (!existsSync(turnPath)) return true;
    const last = readTurn(turnPath);
    if (last === undefined || last.owner === owner) return true;
    const age = host.clock.now() - last.at;
    // A clock that was set back is no reason to wait for it.
    return age > 2.5 * everyMs || age < 0;
  };

  return {
    turn: async (now = false) => {
      makeFolder(folder);
      const lock = await takeInTime(join(folder, "alerts.lock"), now ? waitMs : 0, host);
      if (lock === undefined) return false;
      try {
        if (!now && !isOurs()) return false;
        if (!now) {
          const text = JSON.stringify({ owner, at: host.clock.now() });
          putFile(turnPath, text, String(host.pid));
        }
        await look(parts);
        await deliver(parts);
        return true;
      } finally {
        lock.release();
      }
    },
  };
}

/** Takes a lock as soon as it is free, and lets everything else go on meanwhile. */
async function takeInTime(path: string, forMs: number, { clock }: Host) {
  const until = clock.monotonic() + forMs;
  for (;;) {
    const lock = takeLock(path, "alone", 0);
    if (lock !== undefined || clock.monotonic() >= until) return lock;
    await clock.sleep(retryMs);
  }
}

function readTurn(path: string): z.infer<typeof turnSchema> | undefined {
  try {
    return turnSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function look({ host, rules, rows, byOwner, look: read }: WatchParts): Promise<void> {
  const now = host.clock.now();
  let source: AlertSource = { nowSeconds: now / 1_000, increases: () => [], levels: () => [] };
  let readable = true;
  try {
    const { recent, levels } = await read();
    source = {
      nowSeconds: now / 1_000,
      increases: (metric, windowMs) => recent.windows.increases(metric, windowMs, now),
      levels: (metric) => levels[metric] ?? [],
    };
  } catch (thrown) {
    readable = false;
    const { code, message } = toAgent33Error(thrown);
    host.warn(`alerts: what happens cannot be read: ${code}: ${message}`);
  }
  const active = rows.alerts.active();
  const formerly = async (id: string): Promise<Alert | undefined> => rows.alerts.get(id);
  const next = await advance({ rules, source, readable, active, formerly, now });
  if (next.changed.length > 0) rows.alerts.put(next.changed, next.news);
  if (next.forgotten.length > 0) rows.alerts.forget(next.forgotten);
  const firing = rows.alerts.active().filter(({ state }) => state === "firing");
  const known = new Set(rows.alertNotices.open().map(noticeKey));
  const missing = firing.flatMap(({ id, episode, owner }) =>
    (byOwner.get(owner) ?? [])
      .map((receiver) => ({ alertId: id, episode, receiver, nextAt: now }))
      .filter((notice) => !known.has(noticeKey(notice))),
  );
  if (missing.length > 0) rows.alertNotices.ensure(missing);
}

const noticeKey = ({
  alertId,
  episode,
  receiver,
}: Pick<Notice, "alertId" | "episode" | "receiver">) =>
  JSON.stringify([alertId, episode, receiver]);

async function deliver(parts: WatchParts): Promise<void> {
  const { host, rules, rows, receivers, repeatMs } = parts;
  const notices = rows.alertNotices.open();
  if (notices.length === 0) return;
  const alerts = new Map<string, Alert>();
  for (const id of new Set(notices.map((notice) => notice.alertId))) {
    const alert = rows.alerts.get(id);
    if (alert !== undefined) alerts.set(id, alert);
  }
  const { messages, finished } = planMessages({
    notices,
    alerts,
    silences: rows.alertSilences.inForce(),
    receivers: new Set(receivers.keys()),
    once: new Set(rules.filter(({ once }) => once).map(({ name }) => name)),
    repeatMs,
    now: host.clock.now(),
  });
  if (finished.length > 0) {
    rows.alertNotices.put(finished.map((notice) => ({ ...notice, state: "done" as const })));
  }
  // One after the other for each receiver; one that is slow keeps nobody else waiting.
  const byReceiver = Map.groupBy(messages, ({ receiver }) => receiver);
  await Promise.all(
    [...byReceiver.values()].map(async (own) => {
      for (const message of own) await send(parts, message);
    }),
  );
}

async function send(
  { host, rules, rows, receivers, base }: WatchParts,
  message: Message,
): Promise<void> {
  const { receiver, rule, alerts, notices } = message;
  const found = rules.find(({ name }) => name === rule);
  const { runbook, unit } = found ?? { runbook: "README", unit: "number" as const };
  const facts = { runbook, unit, base };
  const now = (): number => host.clock.now();
  const pairs = notices.flatMap((notice, at) => {
    const alert = alerts[at];
    return alert === undefined ? [] : [{ notice, alert }];
  });
  const news = (alert: Alert, kind: AlertNews["kind"], note: string): AlertNews => {
    const { id, rule: name, aboutTenant } = alert;
    return { alertId: id, rule: name, aboutTenant, at: now(), kind, by: null, note };
  };
  try {
    await receivers.get(receiver)?.(message, facts);
  } catch (thrown) {
    const { code, message: words } = toAgent33Error(thrown);
    const said = `${receiver}: ${code}: ${words}`;
    rows.alertNotices.put(notices.map((notice) => failedNotice(notice, said, now())));
    const first = pairs.filter(({ notice }) => notice.attempts === 0);
    if (first.length > 0) {
      host.warn(`alerts: ${rule} could not be told to ${said} It is tried again.`);
      rows.alerts.note(
        first.map(({ alert }) => news(alert, "telling_failed", said.slice(0, 1_000))),
      );
    }
    return;
  }
  const told = pairs.map(({ notice, alert }) => toldNotice(notice, alert, now()));
  const fresh = pairs.filter(
    ({ notice, alert }) => notice.state === "due" || alert.state === "resolved",
  );
  try {
    rows.alertNotices.put(told);
    rows.alerts.note(
      fresh.map(({ alert }) =>
        news(alert, "told", `${receiver}: ${alert.state === "firing" ? "it fires" : "it is over"}`),
      ),
    );
  } catch (error) {
    host.warn(`alerts: that ${receiver} was told of ${rule} was not kept: ${messageOf(error)}`);
  }
}

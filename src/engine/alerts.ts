import { join } from "node:path";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { Settings } from "../config/schema.ts";
import type { Alert, Silence } from "../observability/alerts/alert.ts";
import { isSilencedBy } from "../observability/alerts/alert.ts";
import { partsOf } from "../observability/alerts/expression.ts";
import { waitingSince } from "../observability/alerts/notices.ts";
import { createRecentReader } from "../observability/alerts/reader.ts";
import type { ActiveRule } from "../observability/alerts/rule.ts";
import { alertRules, rulesWith } from "../observability/alerts/rules.ts";
import type { Gauges } from "../observability/metrics/exposition.ts";
import type {
  AlertHistoryEntry,
  AlertNotice,
  AlertSilence,
} from "../store/repositories/alert-records.ts";
import type { AlertFilter, AlertHistoryFilter } from "../store/repositories/alerts.ts";
import type { Page, PageRequest } from "../store/pages.ts";
import type { Store } from "../store/store.ts";
import { type Actor, actRecorder } from "./act-recorder.ts";
import { alertLevels, asGauges } from "./alert-levels.ts";
import { alertReceivers, receiversByOwner } from "./alert-receivers.ts";
import { createAlertWatch } from "./alert-watch.ts";
import type { Audit } from "./audit.ts";
import type { ConfiguredConnector } from "./connectors.ts";
import { feedSource } from "./feed.ts";
import type { Host } from "./host.ts";
import { telemetryFolder } from "./metrics.ts";

/** Who does something about alerts. */
export type AlertActor = Actor;

/** Whose alerts: those about one tenant, or all of the installation's. */
export interface AlertReach {
  readonly aboutTenant?: string;
}

/** An alert with all that is known of it. */
export interface AlertDetails {
  readonly alert: Alert;
  readonly rule: ActiveRule | undefined;
  /** Newest first, the last hundred. */
  readonly history: readonly AlertHistoryEntry[];
  readonly notices: readonly AlertNotice[];
  readonly silences: readonly AlertSilence[];
}

/** What is to be silenced, and why. */
export interface NewSilence {
  readonly matchers: Readonly<Record<string, string>>;
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly startsAt?: number;
  readonly endsAt: number;
}

/** Alerts of an installation: what fires, who has taken it on, what is silenced, what was. */
export interface Alerts {
  readonly rules: readonly ActiveRule[];
  /** Who is told for an owner. */
  receiversOf(owner: string): readonly string[];
  /** Looks from time to time until the engine closes; nothing where the settings say so. */
  start(): void;
  /** One look now. @returns whether this process did it; another one may be at it */
  check(): Promise<boolean>;
  list(filter?: AlertFilter): Page<Alert>;
  /** @throws Agent33Error `store.unknown_alert`, `store.ambiguous_id` */
  show(prefix: string, reach?: AlertReach): AlertDetails;
  history(filter?: AlertHistoryFilter): Page<AlertHistoryEntry>;
  /** @throws Agent33Error `alerts.not_firing`, and as {@link show} */
  acknowledge(prefix: string, note: string, actor: AlertActor, reach?: AlertReach): Alert;
  /** @throws Agent33Error `alerts.not_firing`, and as {@link show} */
  unacknowledge(prefix: string, actor: AlertActor, reach?: AlertReach): Alert;
  /** @throws Agent33Error `alerts.bad_silence`, `store.bad_alert` */
  silence(wanted: NewSilence, actor: AlertActor, reach?: AlertReach): AlertSilence;
  /** @throws Agent33Error `store.unknown_silence`, `store.ambiguous_id`, `alerts.silence_over` */
  unsilence(prefix: string, actor: AlertActor, reach?: AlertReach): AlertSilence;
  /** @throws Agent33Error `store.unknown_silence`, `store.ambiguous_id` */
  showSilence(prefix: string, reach?: AlertReach): AlertSilence;
  silences(
    request?: PageRequest & AlertReach & { readonly endsAfter?: number },
  ): Page<AlertSilence>;
  /** What metrics show of it. */
  gauges(): Promise<Gauges>;
  close(): Promise<void>;
}

export interface AlertsParts {
  readonly settings: Settings;
  readonly opened: Store;
  readonly dataDir: string;
  readonly host: Host;
  readonly audit: Pick<Audit, "settle" | "sink">;
  readonly connectors: () => readonly ConfiguredConnector[];
  readonly boundary: () => Boundary;
  readonly principal: Principal;
  /** How everything else is that metrics know. */
  readonly levels: (tenants: readonly string[]) => Promise<Gauges>;
}

/** The first look comes when whoever starts is at work. */
const firstLookMs = 500;
/** No silence is longer: what is never to be told is switched off. */
const longestSilenceMs = 365 * 86_400_000;

/**
 * @throws Agent33Error `alerts.unknown_rule`, `alerts.unknown_threshold`, `alerts.no_owner`,
 * `alerts.unknown_owner`, `alerts.unknown_receiver`, `alerts.unknown_connector`, `alerts.missing_secret`
 */
export function createAlerts(parts: AlertsParts): Alerts {
  const { settings, opened, dataDir, host, audit } = parts;
  const { everySeconds, repeatMinutes, enabled } = settings.alerts;
  const rules = rulesWith(rulesOf(settings));
  const byOwner = receiversByOwner(settings.alerts, rules);
  const receivers = alertReceivers({ ...parts, settings: settings.alerts });
  const rows = opened.tenant(settings.tenant);
  const acts = actRecorder({
    host,
    audit: () => audit,
    about: "alerts",
    boundary: parts.boundary,
  });
  const act = (operation: string, target: string, actor: Actor) => {
    return { tenant: settings.tenant, operation, target, actor };
  };
  const source = feedSource(opened);
  const folder = join(dataDir, telemetryFolder);
  const reader = createRecentReader({
    source,
    path: join(folder, "alerts.json"),
    mark: String(host.pid),
    hashAt: async (tenant, position) => {
      const chain = opened.backend.tenant(tenant).auditChain;
      const [entry] = await chain.entries({ after: position - 1, limit: 1 });
      return entry?.link.hash;
    },
    warn: host.warn,
    now: () => host.clock.now(),
    wanted: counters,
  });
  const read = async () => {
    // Who called for the first time is known once that is written down.
    await audit.settle([]);
    const tenants = await source.tenants();
    await audit.settle(tenants);
    const recent = await reader.read();
    const own = await alertLevels({ opened, settings, host }, tenants, recent);
    const levels = { ...(await parts.levels(tenants)), ...own, ...noticeGauges() };
    recent.windows.note(levels, host.clock.now());
    return { recent, levels };
  };
  const noticeGauges = (): Gauges => {
    const since = waitingSince(rows.alertNotices.open(), host.clock.now());
    const seconds = since === undefined ? 0 : (host.clock.now() - since) / 1_000;
    return { agent33_alert_notices_waiting_seconds: [{ labels: {}, value: seconds }] };
  };
  const watch = createAlertWatch({
    host,
    folder,
    rules,
    rows,
    receivers,
    base: settings.alerts.serveUrl,
    byOwner,
    repeatMs: repeatMinutes * 60_000,
    everyMs: everySeconds * 1_000,
    look: read,
  });

  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;
  const turn = (now: boolean): Promise<boolean> => {
    const next = running.then(
      () => (closed ? false : watch.turn(now)),
      () => (closed ? false : watch.turn(now)),
    );
    running = next;
    return next;
  };
  let isLooking = false;
  const tick = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      await turn(false);
    } catch (thrown) {
      const { code, message } = toAgent33Error(thrown);
      host.warn(`alerts: ${code}: ${message}`);
    } finally {
      isLooking = false;
    }
  };

  const find = (prefix: string, reach: AlertReach): Alert => rows.alerts.find(prefix, reach);
  const entryOf = (alert: Alert, kind: AlertHistoryEntry["kind"], by: string, note: string) => {
    const { id, rule, aboutTenant } = alert;
    return { alertId: id, rule, aboutTenant, at: host.clock.now(), kind, by, note };
  };
  const noteOnMatching = (silence: AlertSilence, kind: "silenced" | "unsilenced", by: string) => {
    const matching = rows.alerts.active().filter((alert) => isSilencedBy(alert, silence));
    rows.alerts.note(matching.map((alert) => entryOf(alert, kind, by, silence.reason)));
  };

  return {
    rules,
    receiversOf: (owner) => byOwner.get(owner) ?? [],
    start: () => {
      if (!enabled || timer !== undefined || closed) return;
      timer = setInterval(() => void tick(), everySeconds * 1_000).unref();
      setTimeout(() => void tick(), firstLookMs).unref();
    },
    check: () => turn(true),
    list: (filter) => rows.alerts.list(filter),
    show: (prefix, reach = {}) => {
      const alert = find(prefix, reach);
      const silences: readonly AlertSilence[] = rows.alertSilences.inForce();
      return {
        alert,
        rule: rules.find(({ name }) => name === alert.rule),
        history: rows.alerts.history({ alertId: alert.id, limit: 100 }).items,
        notices: rows.alertNotices.open().filter(({ alertId }) => alertId === alert.id),
        silences: silences.filter((one: Silence) => isSilencedBy(alert, one)),
      };
    },
    history: (filter) => rows.alerts.history(filter),
    acknowledge: (prefix, note, actor, reach = {}) => {
      const alert = find(prefix, reach);
      return acts.record(act("alerts.acknowledge", `${alert.rule}/${alert.id}`, actor), () => {
        const said = { by: actor.user, at: host.clock.now(), note };
        const news = entryOf(alert, "acknowledged", actor.user, note);
        return firing(alert, rows.alerts.acknowledge(alert.id, said, news));
      });
    },
    unacknowledge: (prefix, actor, reach = {}) => {
      const alert = find(prefix, reach);
      return acts.record(act("alerts.unacknowledge", `${alert.rule}/${alert.id}`, actor), () => {
        const news = entryOf(alert, "unacknowledged", actor.user, "");
        return firing(alert, rows.alerts.acknowledge(alert.id, null, news));
      });
    },
    silence: (wanted, actor, reach = {}) => {
      const now = host.clock.now();
      const { startsAt = now, endsAt, matchers, reason } = wanted;
      checkSilence(startsAt, endsAt, now);
      checkMatchers(matchers, rules);
      const silence: AlertSilence = {
        id: host.ids(),
        aboutTenant: reach.aboutTenant ?? null,
        matchers: { ...matchers },
        reason,
        by: actor.user,
        createdAt: now,
        startsAt,
        endsAt,
        endedBy: null,
      };
      return acts.record(act("alerts.silence", silence.id, actor), () => {
        rows.alertSilences.add(silence);
        noteOnMatching(silence, "silenced", actor.user);
        return silence;
      });
    },
    unsilence: (prefix, actor, reach = {}) => {
      const silence = rows.alertSilences.find(prefix, reach);
      return acts.record(act("alerts.unsilence", silence.id, actor), () => {
        if (!rows.alertSilences.end(silence.id, actor.user)) {
          throw new Agent33Error(
            "alerts.silence_over",
            `The silence ${silence.id} is over already.`,
            {
              hint: "List those that hold with `agent33 alerts silences`.",
            },
          );
        }
        noteOnMatching(silence, "unsilenced", actor.user);
        return rows.alertSilences.find(silence.id, reach);
      });
    },
    showSilence: (prefix, reach = {}) => rows.alertSilences.find(prefix, reach),
    silences: (request) => rows.alertSilences.list(request),
    gauges: async () => {
      const tenants = await source.tenants();
      const own = await alertLevels({ opened, settings, host }, tenants, await reader.read());
      // Breakers are counted where the other metrics are.
      const { agent33_breakers: _breakers, ...levels } = own;
      return { ...asGauges(levels), ...noticeGauges(), ...alertGauges(rows.alerts.active()) };
    },
    close: async () => {
      clearInterval(timer);
      closed = true;
      await running.catch(() => undefined);
      await reader.close();
    },
  };
}

/** Every counter that any rule asks about, whether it is on or not. */
const counters = [
  ...new Set(
    rulesWith({}, alertRules).flatMap(({ condition }) =>
      partsOf(condition).flatMap((part) => (part.kind === "increase" ? [part.metric] : [])),
    ),
  ),
].toSorted();

function rulesOf({ alerts }: Settings): Parameters<typeof rulesWith>[0] {
  return alerts.rules;
}

function alertGauges(active: readonly Alert[]): Gauges {
  const groups = Map.groupBy(active, ({ severity, state }) => `${severity} ${state}`);
  return {
    agent33_alerts: [...groups].map(([key, alerts]) => {
      const [severity = "", state = ""] = key.split(" ");
      return { labels: { severity, state }, value: alerts.length };
    }),
  };
}

/** @throws Agent33Error `alerts.not_firing` */
function firing(alert: Alert, changed: Alert | undefined): Alert {
  if (changed !== undefined) return changed;
  throw new Agent33Error(
    "alerts.not_firing",
    `The alert ${alert.id} (${alert.rule}) does not fire.`,
    {
      hint: "List those that do with `agent33 alerts list`.",
      details: { id: alert.id, state: alert.state },
    },
  );
}

/** @throws Agent33Error `alerts.bad_silence` */
function checkSilence(startsAt: number, endsAt: number, now: number): void {
  if (endsAt > startsAt && endsAt > now && endsAt - now <= longestSilenceMs) return;
  throw new Agent33Error(
    "alerts.bad_silence",
    "A silence has to end after it begins, in the future, and within a year.",
    { hint: "Give it a shorter time, or switch the alert off under alerts.rules." },
  );
}

/** @throws Agent33Error `alerts.unknown_rule` for a silence that nothing could ever fit */
function checkMatchers(
  matchers: Readonly<Record<string, string>>,
  rules: readonly ActiveRule[],
): void {
  const { rule } = matchers;
  if (rule !== undefined && !rules.some(({ name }) => name === rule)) rulesWith({ [rule]: {} });
}

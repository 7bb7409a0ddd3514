import { type Alert, type AlertNews, alertId, summaryOf } from "./alert.ts";
import { type AlertSource, evaluate, type Found } from "./evaluate.ts";
import type { ActiveRule } from "./rule.ts";

/** How alerts stand after a look at all rules: what has to be written, and nothing else. */
export interface Advance {
  readonly changed: readonly Alert[];
  readonly news: readonly AlertNews[];
  /** Ids of alerts that were pending and never fired. */
  readonly forgotten: readonly string[];
}

export interface AdvanceRequest {
  readonly rules: readonly ActiveRule[];
  /** Undefined where the store could not be read: then only what asks for silence is looked at. */
  readonly source: AlertSource;
  readonly readable: boolean;
  /** Those that are pending or fire. */
  readonly active: readonly Alert[];
  /** An alert as it was before, whatever its state. */
  readonly formerly: (id: string) => Promise<Alert | undefined>;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** An alert that goes on is written as often as this, and no more. */
const noteEveryMs = 60_000;
/** Whoever has not looked for so long does not know that a condition held meanwhile. */
const gapMs = 300_000;

/**
 * Takes every rule one look further: what holds is pending for a time and then fires; what does not
 * hold any more is over after a time. Everything that it depends on is in what it is given, so that
 * any process can go on where another one ended.
 */
export async function advance(request: AdvanceRequest): Promise<Advance> {
  const { rules, source, readable, active, now } = request;
  const changed: Alert[] = [];
  const news: AlertNews[] = [];
  const forgotten: string[] = [];
  const byId = new Map(active.map((alert) => [alert.id, alert]));
  const seen = new Set<string>();
  const apply = (next: Alert, kind?: AlertNews["kind"]): void => {
    changed.push(next);
    if (kind !== undefined) news.push(newsOf(next, kind, now));
  };

  for (const rule of rules) {
    const isSilence = rule.condition.kind === "absent";
    if (!readable && !isSilence) {
      for (const alert of active) if (alert.rule === rule.name) seen.add(alert.id);
      continue;
    }
    for (const found of listed(rule, source)) {
      const id = alertId(rule.name, found.labels);
      seen.add(id);
      const known = byId.get(id);
      const before = known ?? (await request.formerly(id));
      if (known === undefined && rule.once && before !== undefined && before.episode > 0) continue;
      const next = held(rule, found, { id, known, before, now });
      if (next !== undefined) apply(next.alert, next.fires ? "fired" : undefined);
    }
  }
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  for (const alert of active) {
    if (seen.has(alert.id)) continue;
    const keepMs = byName.get(alert.rule)?.keepMs ?? 0;
    if (alert.state === "firing") {
      if (now - alert.seenAt < keepMs) continue;
      apply({ ...alert, state: "resolved", resolvedAt: now, updatedAt: now }, "resolved");
    } else if (alert.episode === 0) forgotten.push(alert.id);
    else apply({ ...alert, state: "resolved", updatedAt: now });
  }
  return { changed, news, forgotten };
}

function listed({ condition }: ActiveRule, source: AlertSource): readonly Found[] {
  const outcome = evaluate(condition, source);
  return typeof outcome === "number" ? [] : outcome;
}

interface Standing {
  readonly id: string;
  readonly known: Alert | undefined;
  readonly before: Alert | undefined;
  readonly now: number;
}

/** What holds, one look further; undefined where there is nothing to write. */
function held(
  rule: ActiveRule,
  { labels, value }: Found,
  { id, known, before, now }: Standing,
): { readonly alert: Alert; readonly fires: boolean } | undefined {
  const common = {
    id,
    rule: rule.name,
    aboutTenant: (rule.about === undefined ? undefined : labels[rule.about]) ?? null,
    labels: { ...labels },
    severity: rule.severity,
    owner: rule.owner,
    summary: summaryOf(rule.summary, labels),
    value: Number.isFinite(value) ? value : Number.MAX_VALUE,
    seenAt: now,
    updatedAt: now,
  };
  if (known?.state === "firing") {
    const isSame = known.owner === rule.owner && known.severity === rule.severity;
    if (isSame && now - known.seenAt < noteEveryMs) return undefined;
    return { alert: { ...known, ...common }, fires: false };
  }
  const isGoingOn = known !== undefined && now - known.seenAt <= gapMs;
  const beganAt = isGoingOn ? known.beganAt : now;
  const episode = before?.episode ?? 0;
  if (now - beganAt >= rule.forMs) {
    const times = { beganAt, firedAt: now, resolvedAt: null, acknowledged: null };
    const alert: Alert = { ...common, ...times, state: "firing", episode: episode + 1 };
    return { alert, fires: true };
  }
  if (isGoingOn && now - known.seenAt < noteEveryMs) return undefined;
  const { firedAt = null, resolvedAt = null } = before ?? {};
  const times = { beganAt, firedAt, resolvedAt, acknowledged: null };
  return { alert: { ...common, ...times, state: "pending", episode }, fires: false };
}

function newsOf(alert: Alert, kind: AlertNews["kind"], at: number): AlertNews {
  const { id, rule, aboutTenant, summary } = alert;
  return { alertId: id, rule, aboutTenant, at, kind, by: null, note: summary };
}

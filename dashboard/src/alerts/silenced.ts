import type { Alert, AlertSilence } from "../api.ts";

/** What a silence can name of an alert. */
function factsOf({
  labels,
  rule,
  owner,
  severity,
}: Pick<Alert, "labels" | "rule" | "owner" | "severity">): Readonly<Record<string, string>> {
  return { ...labels, rule, owner, severity };
}

/**
 * Whether a silence holds now. One that was to begin at once has begun, whatever the clock here says,
 * which may be behind the server's.
 */
export function holds(
  { startsAt, createdAt, endsAt }: Pick<AlertSilence, "startsAt" | "createdAt" | "endsAt">,
  now: number,
): boolean {
  return (startsAt <= now || startsAt <= createdAt) && now < endsAt;
}

/** The silence that keeps an alert from being told now, as the engine decides; undefined without one. */
export function silenceOf(
  alert: Alert,
  silences: readonly AlertSilence[],
  now: number,
): AlertSilence | undefined {
  const facts = factsOf(alert);
  return silences.find(
    (silence) =>
      holds(silence, now) &&
      (silence.tenant === null || silence.tenant === alert.tenant) &&
      Object.entries(silence.matchers).every(([label, value]) => facts[label] === value),
  );
}

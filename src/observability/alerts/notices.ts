import { type Alert, isSilencedBy, type Silence } from "./alert.ts";

/** What a receiver is to be told of one time that an alert fires. */
export interface Notice {
  readonly alertId: string;
  readonly episode: number;
  readonly receiver: string;
  /** `due`: nothing was told; `told`: that it fires; `done`: there is nothing more to tell. */
  readonly state: "due" | "told" | "done";
  /** Not to be tried before. Milliseconds since the Unix epoch. */
  readonly nextAt: number;
  readonly attempts: number;
  readonly toldAt: number | null;
  readonly lastError: string | null;
}

/** One message to one receiver: the alerts of one rule and owner. */
export interface Message {
  readonly receiver: string;
  readonly owner: string;
  readonly rule: string;
  /** Those that fire first. */
  readonly alerts: readonly Alert[];
  /** The notices that are met when it is handed over. */
  readonly notices: readonly Notice[];
}

/** What is to be sent now, and the notices of which nothing more is to be told. */
export interface Plan {
  readonly messages: readonly Message[];
  readonly finished: readonly Notice[];
}

export interface PlanRequest {
  readonly notices: readonly Notice[];
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly silences: readonly Silence[];
  readonly receivers: ReadonlySet<string>;
  /** Rules that are told once and never again. */
  readonly once: ReadonlySet<string>;
  readonly repeatMs: number;
  readonly now: number;
}

type Verdict = "send" | "along" | "wait" | "finish";

/**
 * What is to be told, by what was told: so nothing is lost while a receiver is away or a process is
 * restarted, and nothing comes twice but what was not known to have arrived.
 */
export function planMessages(request: PlanRequest): Plan {
  const { notices, alerts } = request;
  const finished: Notice[] = [];
  const groups = new Map<string, { notice: Notice; alert: Alert; verdict: Verdict }[]>();
  for (const notice of notices) {
    const alert = alerts.get(notice.alertId);
    const verdict = verdictOn(notice, alert, request);
    if (alert === undefined || verdict === "finish") finished.push(notice);
    else if (verdict !== "wait") {
      const key = JSON.stringify([notice.receiver, alert.owner, alert.rule]);
      const group = groups.get(key) ?? [];
      group.push({ notice, alert, verdict });
      groups.set(key, group);
    }
  }
  const messages = [...groups.values()].flatMap((group): readonly Message[] => {
    const [first] = group;
    if (first === undefined || !group.some(({ verdict }) => verdict === "send")) return [];
    const sorted = group.toSorted((a, b) => rank(a.alert) - rank(b.alert));
    const { owner, rule } = first.alert;
    return [
      {
        receiver: first.notice.receiver,
        owner,
        rule,
        alerts: sorted.map(({ alert }) => alert),
        notices: sorted.map(({ notice }) => notice),
      },
    ];
  });
  return { messages, finished };
}

const rank = ({ state }: Alert): number => (state === "firing" ? 0 : 1);

function verdictOn(notice: Notice, alert: Alert | undefined, request: PlanRequest): Verdict {
  const { silences, receivers, once, repeatMs, now } = request;
  // Of an episode that another one followed, that one is told.
  if (alert?.episode !== notice.episode || !receivers.has(notice.receiver)) return "finish";
  const isSilenced = silences.some((silence) => isSilencedBy(alert, silence));
  const isTime = now >= notice.nextAt;
  if (alert.state === "firing") {
    if (isSilenced) return "wait";
    if (notice.state === "due") return isTime ? "send" : "wait";
    if (once.has(alert.rule)) return "wait";
    if (alert.acknowledged !== null) return "along";
    const isLong = now - (notice.toldAt ?? 0) >= repeatMs;
    return isLong && isTime ? "send" : "along";
  }
  // Nobody who was told nothing of it has to be told that it is over, unless they missed it.
  if (isSilenced || (once.has(alert.rule) && notice.state === "told")) return "finish";
  return isTime ? "send" : "wait";
}

const firstRetryMs = 15_000;
const mostRetryMs = 300_000;

/** A notice after its message was handed over. */
export function toldNotice(notice: Notice, alert: Alert, now: number): Notice {
  const state = alert.state === "firing" ? "told" : "done";
  return { ...notice, state, attempts: 0, toldAt: now, nextAt: now, lastError: null };
}

/** A notice after its message was not: it is tried again later and later, without an end. */
export function failedNotice(notice: Notice, error: string, now: number): Notice {
  const attempts = notice.attempts + 1;
  const waitMs = Math.min(mostRetryMs, firstRetryMs * 2 ** Math.min(notice.attempts, 10));
  return { ...notice, attempts, nextAt: now + waitMs, lastError: error.slice(0, 1_000) };
}

/** Since when the oldest of those that should have been told waits; undefined where none does. */
export function waitingSince(notices: readonly Notice[], now: number): number | undefined {
  const failed = notices.filter(({ attempts, state }) => attempts > 0 && state !== "done");
  // The waits add up to about twice the last one; the first failure is what counts.
  const since = failed.map(({ attempts, nextAt }) => nextAt - waitedMs(attempts));
  return since.length === 0 ? undefined : Math.min(now, ...since);
}

function waitedMs(attempts: number): number {
  let all = 0;
  for (let at = 0; at < Math.min(attempts, 10_000); at += 1) {
    all += Math.min(mostRetryMs, firstRetryMs * 2 ** Math.min(at, 10));
  }
  return all;
}

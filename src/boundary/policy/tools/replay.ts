import { ok, type Result } from "../../../base/result.ts";
import type { DecisionEffect } from "../../types.ts";
import type { CompiledPolicy } from "../policy.ts";
import {
  type CallLog,
  factsOf,
  type FoundArguments,
  type RecordedCall,
  type Unreplayable,
} from "./recorded-call.ts";
import { createReplayedPolicy, type FactsAt, type Replayed, type Said } from "./replayed-policy.ts";
import { hasSession } from "./replayed-session.ts";

/** Calls of each change that are shown. */
const mostExamples = 3;

/** A call that is decided about otherwise. */
export interface ChangedCall
  extends Pick<
    RecordedCall,
    "callId" | "runId" | "at" | "connector" | "operation" | "tool" | "host"
  > {
  readonly before: string;
  readonly after: string;
}

/** Calls whose decision changes from one effect to another. */
export interface DecisionChange {
  readonly before: DecisionEffect;
  readonly after: DecisionEffect;
  readonly calls: number;
  /** By the rules that decided, most calls first. */
  readonly rules: readonly {
    readonly before: string;
    readonly after: string;
    readonly calls: number;
  }[];
  readonly examples: readonly ChangedCall[];
}

/** What two policies say about the same recorded calls. */
export interface ReplayReport {
  /** Calls that were looked at. */
  readonly calls: number;
  readonly same: number;
  /** Of these: another rule decides, with the same effect. */
  readonly sameByAnotherRule: number;
  /**
   * Of those compared: a limit of tokens or cost was weighed by what the calls used. The chain weighs
   * the most that a call may use, which the audit does not keep.
   */
  readonly byUse: number;
  /** Most calls first. */
  readonly changes: readonly DecisionChange[];
  readonly notReplayed: Readonly<Partial<Record<Unreplayable, number>>>;
}

export interface Replay {
  /**
   * Decides about one call again. Its arguments and its end are looked for only where a policy asks.
   * Where a policy has rules for which earlier calls matter, that waits until all calls are there.
   */
  take(call: RecordedCall, log: CallLog): void;
  /** Counts a call that cannot be. */
  skip(why: Unreplayable): void;
  report(): ReplayReport;
}

interface Tally {
  readonly before: DecisionEffect;
  readonly after: DecisionEffect;
  calls: number;
  readonly rules: Map<string, { readonly before: string; readonly after: string; calls: number }>;
  readonly examples: ChangedCall[];
}

/** Asks two policies about recorded calls and counts where they differ. */
export function createReplay(before: CompiledPolicy, after: CompiledPolicy): Replay {
  let calls = 0;
  let same = 0;
  let sameByAnotherRule = 0;
  let byUse = 0;
  const tallies = new Map<string, Tally>();
  const notReplayed: Partial<Record<Unreplayable, number>> = {};
  const policies = [createReplayedPolicy(before), createReplayedPolicy(after)] as const;
  const inOrder = hasSession(before) || hasSession(after);
  const waiting: { readonly call: RecordedCall; readonly log: CallLog }[] = [];

  const skip = (why: Unreplayable): void => {
    calls += 1;
    notReplayed[why] = (notReplayed[why] ?? 0) + 1;
  };
  const compare = (call: RecordedCall, old: Said, now: Said): void => {
    calls += 1;
    if (old.effect !== now.effect) {
      count(tallies, call, old, now);
      return;
    }
    same += 1;
    if (old.ruleId !== now.ruleId) sameByAnotherRule += 1;
  };
  const decide = (call: RecordedCall, log: CallLog): void => {
    const asked = askable(call, log);
    const [old, now] = [
      policies[0].decide(call, asked.factsAt),
      policies[1].decide(call, asked.factsAt),
    ];
    const missing = asked.missing();
    if (missing !== undefined) {
      policies[0].doubt(call, old.first);
      policies[1].doubt(call, now.first);
      return skip(missing);
    }
    const was = asRecorded(call, before.version, old);
    policies[0].count(call, log, old.first, was.ok ? was.value : undefined);
    policies[1].count(call, log, now.first, now.said.ok ? now.said.value : undefined);
    if (!was.ok) return skip(was.error);
    if (!now.said.ok) return skip(now.said.error);
    const isRecorded = call.decision.policyVersion === before.version;
    if (now.byUse || (old.byUse && !isRecorded)) byUse += 1;
    compare(call, was.value, now.said.value);
  };

  return {
    skip,
    take: (call, log) => {
      if (inOrder) waiting.push({ call, log });
      else decide(call, log);
    },
    report: () => {
      for (const { call, log } of waiting.splice(0).sort(oldestFirst)) decide(call, log);
      return {
        calls,
        same,
        sameByAnotherRule,
        byUse,
        changes: [...tallies.values()]
          .map((tally) => ({ ...tally, rules: [...tally.rules.values()].sort(mostFirst) }))
          .sort(mostFirst),
        notReplayed,
      };
    },
  };
}

interface Askable {
  readonly factsAt: FactsAt;
  readonly missing: () => Unreplayable | undefined;
}

/** A call whose arguments are looked for when a policy first looks at them. */
function askable(call: RecordedCall, log: CallLog): Askable {
  let found: FoundArguments | undefined;
  const get = () => {
    found ??= log.arguments();
    return found.ok ? found.value : undefined;
  };
  return {
    factsAt: (place) =>
      Object.defineProperty({ ...factsOf(call), ...place }, "args", { enumerable: true, get }),
    missing: () => (found?.ok === false ? found.error : undefined),
  };
}

/** What the old policy said. Where it made the record itself, that is known, and must come out again. */
function asRecorded(
  { decision }: RecordedCall,
  version: string,
  { said }: Replayed,
): Result<Said, Unreplayable> {
  if (decision.policyVersion !== version) return said;
  if (!said.ok) return ok(decision);
  const { effect, ruleId } = said.value;
  const isSame = effect === decision.effect && ruleId === decision.ruleId;
  return isSame ? said : { ok: false, error: "not_reproduced" };
}

function oldestFirst(
  a: { readonly call: RecordedCall },
  b: { readonly call: RecordedCall },
): number {
  return a.call.at - b.call.at || (a.call.callId < b.call.callId ? -1 : 1);
}

function count(tallies: Map<string, Tally>, call: RecordedCall, old: Said, now: Said): void {
  const key = `${old.effect} ${now.effect}`;
  const tally: Tally = tallies.get(key) ?? {
    before: old.effect,
    after: now.effect,
    calls: 0,
    rules: new Map(),
    examples: [],
  };
  tallies.set(key, tally);
  tally.calls += 1;
  const pair = `${old.ruleId} ${now.ruleId}`;
  const known = tally.rules.get(pair) ?? { before: old.ruleId, after: now.ruleId, calls: 0 };
  tally.rules.set(pair, known);
  known.calls += 1;
  if (tally.examples.length >= mostExamples) return;
  const { callId, runId, at, connector, operation, tool, host } = call;
  tally.examples.push({
    callId,
    at,
    connector,
    operation,
    ...(runId === undefined ? {} : { runId }),
    ...(tool === undefined ? {} : { tool }),
    ...(host === undefined ? {} : { host }),
    before: old.ruleId,
    after: now.ruleId,
  });
}

function mostFirst(a: { readonly calls: number }, b: { readonly calls: number }): number {
  return b.calls - a.calls;
}

import type { CallFacts, Decision, DecisionEffect } from "../../types.ts";
import type { CompiledPolicy } from "../policy.ts";
import {
  factsOf,
  type FoundArguments,
  type RecordedCall,
  type Unreplayable,
} from "./recorded-call.ts";

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
  /** Most calls first. */
  readonly changes: readonly DecisionChange[];
  readonly notReplayed: Readonly<Partial<Record<Unreplayable, number>>>;
}

export interface Replay {
  /** Decides about one call again. The arguments are looked for only where a policy asks. */
  take(call: RecordedCall, findArguments: () => FoundArguments): void;
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
  const tallies = new Map<string, Tally>();
  const notReplayed: Partial<Record<Unreplayable, number>> = {};
  const skip = (why: Unreplayable): void => {
    calls += 1;
    notReplayed[why] = (notReplayed[why] ?? 0) + 1;
  };
  return {
    skip,
    take: (call, findArguments) => {
      const asked = askable(call, findArguments);
      const old = decideAgain(before, call, asked.factsAt);
      const now = decideAgain(after, call, asked.factsAt);
      const missing = asked.missing();
      if (missing !== undefined) return skip(missing);
      if (call.decision.policyVersion === before.version && !reproduces(old, call)) {
        return skip("not_reproduced");
      }
      calls += 1;
      if (old.effect === now.effect) {
        same += 1;
        if (old.ruleId !== now.ruleId) sameByAnotherRule += 1;
        return;
      }
      count(tallies, call, old, now);
    },
    report: () => ({
      calls,
      same,
      sameByAnotherRule,
      changes: [...tallies.values()]
        .map((tally) => ({ ...tally, rules: [...tally.rules.values()].sort(mostFirst) }))
        .sort(mostFirst),
      notReplayed,
    }),
  };
}

/** Where a request of a call went, once that was known. */
interface Place {
  readonly address: string;
  readonly port: number;
}

interface Askable {
  /** The facts as they were asked about: of the call as written, or of a place that it went to. */
  readonly factsAt: (place?: Place) => CallFacts;
  readonly missing: () => Unreplayable | undefined;
}

/** A call whose arguments are looked for when a policy first looks at them. */
function askable(call: RecordedCall, findArguments: () => FoundArguments): Askable {
  let found: FoundArguments | undefined;
  const get = () => {
    found ??= findArguments();
    return found.ok ? found.value : undefined;
  };
  return {
    factsAt: (place) =>
      Object.defineProperty({ ...factsOf(call), ...place }, "args", { enumerable: true, get }),
    missing: () => (found?.ok === false ? found.error : undefined),
  };
}

/**
 * The decision about a call: first about its host as written, then, as before anything is sent,
 * about each address that it really went to.
 */
function decideAgain(
  policy: CompiledPolicy,
  { connector, principal, connectedTo, host }: RecordedCall,
  factsAt: Askable["factsAt"],
): Pick<Decision, "effect" | "ruleId"> {
  const first = policy.decide(factsAt(), connector, principal);
  if (first.effect === "deny" || host === undefined) return first;
  for (const place of connectedTo) {
    const colon = place.lastIndexOf(":");
    const address = place.slice(0, colon).replace(/^\[|\]$/g, "");
    const port = Number(place.slice(colon + 1));
    const again = policy.decide(factsAt({ address, port }), connector, principal);
    const asked = again.effect === "ask" && again.ruleId === first.ruleId;
    if (again.effect !== "allow" && !asked) return { effect: "deny", ruleId: again.ruleId };
  }
  return first;
}

/** Whether a policy says what it said then. */
function reproduces(decided: Pick<Decision, "effect" | "ruleId">, call: RecordedCall): boolean {
  return decided.effect === call.decision.effect && decided.ruleId === call.decision.ruleId;
}

function count(
  tallies: Map<string, Tally>,
  call: RecordedCall,
  old: Pick<Decision, "effect" | "ruleId">,
  now: Pick<Decision, "effect" | "ruleId">,
): void {
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

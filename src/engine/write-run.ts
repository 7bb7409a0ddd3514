import { agentDigest } from "../agents/definition.ts";
import { type JsonObject, toJsonValue } from "../base/json.ts";
import type { NewEvent } from "../events/event.ts";
import type { Redactor } from "../base/redact.ts";
import { nameOf, type Policies } from "./policies.ts";
import { redactEvent } from "./redact-event.ts";
import type { RunSpec } from "./run-spec.ts";
import type { EngineStore } from "./tenant-store.ts";

/** A run that is about to be. */
export interface BeginningRun {
  readonly id: string;
  readonly title: string;
  readonly spec: RunSpec;
  readonly notices: readonly string[];
  /** What the agent is told first. */
  readonly messages: readonly string[];
  /** What it was given as data. */
  readonly inputs?: JsonObject;
}

export interface WritingParts {
  readonly store: EngineStore;
  readonly redactor: Redactor;
  readonly policies: Policies;
}

/**
 * Writes a run's row, the beginning of its log and, with `start`, its journal in one transaction.
 * @param start gets the place of the last event
 */
export function writeDown(
  { id, title, spec, notices, messages, ...given }: BeginningRun,
  { store, redactor, policies }: WritingParts,
  start: (last: number) => void,
): void {
  store.transactions.transaction(() => {
    store.runs.create({
      id,
      task: redactor.text(title).slice(0, 200),
      agent: spec.principal.agent,
      model: spec.model,
      effort: spec.effort.effort,
      workspace: spec.workspace,
      spec: toJsonValue(spec),
    });
    const events = store.runLog.append(
      id,
      [
        { ...startEvent(title, spec, policyName(spec, policies), notices), ...given },
        ...messages.map((text) => ({ type: "message.user" as const, text })),
      ].map((event) => redactEvent(event, redactor)),
    );
    start(events.at(-1)?.seq ?? 0);
  });
}

function startEvent(
  title: string,
  spec: RunSpec,
  policy: string,
  notices: readonly string[],
): NewEvent {
  return {
    type: "run.started",
    task: title,
    agent: spec.principal.agent,
    agentVersion: spec.agent.version,
    agentDigest: agentDigest(spec.agent),
    model: spec.model,
    effort: spec.effort.effort,
    effortSource: spec.effort.source,
    ...(spec.routing === undefined ? {} : { routing: spec.routing.note }),
    mode: spec.mode,
    workspace: spec.workspace,
    limits: { ...spec.limits },
    policy,
    ...attemptOf(spec),
    ...(spec.replayOf === undefined ? {} : { replayOf: spec.replayOf }),
    notices: [...notices],
  };
}

function attemptOf({ escalation }: RunSpec) {
  const after = escalation?.earlier.at(-1)?.runId;
  if (escalation === undefined || after === undefined) return {};
  return { attempt: { number: escalation.earlier.length + 1, after } };
}

/** What the run is started under, in words. */
function policyName({ policy, entryPoint, principal }: RunSpec, policies: Policies): string {
  return nameOf(policies.policyFor(policy, { entryPoint, tenant: principal.tenant }));
}

import type { EventOf } from "../../events/event.ts";
import { names } from "./names.ts";
import { type Attributes, given } from "./span.ts";

type Started = EventOf<"run.started">;

/** A model's specification as the conventions have it; one without a provider is a model. */
export function providerOf(spec: string): {
  readonly provider: string | undefined;
  readonly model: string;
} {
  const colon = spec.indexOf(":");
  if (colon === -1) return { provider: undefined, model: spec };
  return { provider: spec.slice(0, colon), model: spec.slice(colon + 1) };
}

/** Who works. @param path which agent of the run, undefined for its own */
export function agentAttributes(
  started: Started,
  agent: string,
  path: string | undefined,
): Attributes {
  const { provider, model } = providerOf(started.model);
  const [name = agent, version] = agent.split("@");
  const isOwn = path === undefined;
  return given({
    [names.operation]: "invoke_agent",
    [names.agentName]: name,
    [names.agentVersion]: isOwn ? (started.agentVersion ?? version) : version,
    [names.agentId]: isOwn ? started.agentDigest : undefined,
    [names.conversation]: started.runId,
    [names.provider]: provider,
    [names.requestModel]: model,
    [names.reasoningLevel]: started.effort,
    [names.policy]: isOwn ? started.policy : undefined,
    [names.attemptNumber]: isOwn ? started.attempt?.number : undefined,
    [names.attemptAfter]: isOwn ? started.attempt?.after : undefined,
  });
}

/** How the run's effort was decided, all that the log says of it. */
export function effortAttributes({ effortSource, routing }: Started): Attributes {
  const estimate = routing?.estimate;
  return given({
    [names.effortSource]: effortSource,
    [names.effortReasons]: routing?.reasons,
    [names.effortConfidence]: routing?.confidence,
    [names.effortDomain]: routing?.domain,
    [names.modelSource]: routing?.modelSource,
    [names.estimateTokensP50]: estimate?.tokens.p50,
    [names.estimateTokensP90]: estimate?.tokens.p90,
    [names.estimateCostP50]: estimate?.costMicroUsd?.p50,
    [names.estimateCostP90]: estimate?.costMicroUsd?.p90,
    [names.estimateBasis]: estimate?.basis,
    [names.estimateRuns]: estimate?.runs,
  });
}

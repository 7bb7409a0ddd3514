import type { Boundary } from "../boundary/boundary.ts";
import type { Explanation as CallExplanation } from "../boundary/connector.ts";
import { isPrivateHost } from "../boundary/egress/address.ts";
import { Agent33Error } from "../base/errors.ts";
import { callFlaw, type CompiledPolicy, explainDecision } from "../boundary/policy/index.ts";
import type { Explanation } from "../boundary/policy/explain.ts";
import type { CallFacts, CallOptions, Spend } from "../boundary/types.ts";
import type { Config } from "../config/config.ts";
import type { EntryPoint } from "../config/schema.ts";
import type { Host } from "./host.ts";
import { compileSelection } from "./policy.ts";
import { parseRunSpec } from "./run-spec.ts";
import { placeNamed, isThere } from "./store-place.ts";
import type { EngineStore } from "./tenant-store.ts";

/** A call to ask about. */
export interface PolicyQuestion
  extends Omit<CallFacts, "privateAddress" | "address">,
    Pick<CallOptions, "logicalCallId"> {
  readonly connector: string;
  /** The way in which the run was asked for that makes the call. Default: `cli`. */
  readonly entryPoint?: EntryPoint;
  /**
   * The beginning of the id of the run that makes the call: it is under that run's policy, for
   * whom that run is. Default: none.
   */
  readonly run?: string;
  /** Upper bound of what it would use. */
  readonly estimate?: Spend;
}

/** What the policy says of a call and, where there is a store, what would become of it now. */
export interface PolicyAnswer extends Explanation {
  readonly call?: CallExplanation;
  /** The run in which it was asked about. */
  readonly runId?: string;
}

/** What is looked at besides the policy. */
export interface ExplainParts {
  readonly boundary: Boundary;
  readonly store: EngineStore;
}

/** Whether there is a store whose counts an explanation can look at. Nothing is made. */
export function hasStore(config: Config, host: Host): Promise<boolean> {
  return isThere(placeNamed(config.settings.data, host), host);
}

/**
 * What the policy says about a call, and why; with the parts of an engine, also what would stop it
 * first. Nothing is called, asked or taken.
 * @throws Agent33Error `policy.*`, among them `policy.impossible_call`; `store.unknown_run`, `store.ambiguous_id`, `engine.malformed_run`
 */
export function explainPolicy(
  config: Config,
  host: Host,
  question: PolicyQuestion,
  parts?: ExplainParts,
): PolicyAnswer {
  const { connector, entryPoint, run, estimate, logicalCallId, ...given } = question;
  const flaw = callFlaw(connector, given.host);
  if (flaw !== undefined) {
    throw new Agent33Error("policy.impossible_call", `No call is like this: ${flaw.message}.`, {
      hint: flaw.hint,
    });
  }
  const asked = run === undefined ? undefined : parts?.store.runs.find(run);
  const { policy, principal } = underWhich(config, host, entryPoint, asked);
  const privateAddress = given.host === undefined ? undefined : isPrivateHost(given.host);
  const facts = { ...given, ...(privateAddress === undefined ? {} : { privateAddress }) };
  const said = explainDecision(policy, facts, connector, principal);
  if (parts === undefined) return said;
  const inRun = asked === undefined ? {} : { runId: asked.id };
  const call = parts.boundary
    .connector<undefined, never, never>({
      id: connector,
      facts: () => facts,
      run: () => Promise.reject(new TypeError("a call that is only asked about is not made")),
      estimate: () => estimate ?? {},
    })
    .explain(undefined, {
      principal,
      policy,
      ...inRun,
      ...(logicalCallId === undefined ? {} : { logicalCallId }),
    });
  return { ...said, call, ...inRun };
}

function underWhich(
  config: Config,
  host: Host,
  entryPoint: EntryPoint = "cli",
  run?: { readonly id: string; readonly spec: unknown },
): { readonly policy: CompiledPolicy; readonly principal: CallOptions["principal"] } {
  const { policy, tenant, user } = config.settings;
  const spec = run === undefined ? undefined : parseRunSpec(run.id, run.spec);
  const compiled = compileSelection(spec?.policy ?? policy, host.cwd, config.originOf);
  return {
    policy: compiled.policyFor({ entryPoint: spec?.entryPoint ?? entryPoint, tenant }),
    principal: spec?.principal ?? { tenant, user },
  };
}

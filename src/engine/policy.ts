import { resolve } from "node:path";
import type { JsonValue } from "../base/json.ts";
import { toJsonValue } from "../base/json.ts";
import { isPrivateHost } from "../boundary/egress/address.ts";
import {
  type CompiledPolicy,
  compilePolicy,
  explainDecision,
  explanationText,
  loadPacks,
} from "../boundary/policy/index.ts";
import type { CallFacts } from "../boundary/types.ts";
import type { Config } from "../config/config.ts";
import type { PolicySelection } from "../config/schema.ts";
import type { Host } from "./host.ts";

/**
 * Compiles a selection of packs.
 * @param cwd folder that relative pack files start from
 * @throws Agent33Error `policy.*` for bad packs and names
 */
export function compileSelection(selection: PolicySelection, cwd: string): CompiledPolicy {
  const { packs, files, blockConnectors, blockOperations } = selection;
  const paths = files.map((path) => resolve(cwd, path));
  return compilePolicy(loadPacks({ select: packs, paths }), {
    blocklist: { connectors: blockConnectors, operations: blockOperations },
  });
}

/** A call to ask the policy about. */
export interface PolicyQuestion
  extends Pick<CallFacts, "operation" | "effect" | "repeat" | "tool" | "host" | "port" | "args"> {
  readonly connector: string;
}

/** What the policy in force says about a call, and why. Nothing is called. */
export function explainPolicy(
  config: Config,
  host: Host,
  { connector, ...facts }: PolicyQuestion,
): { readonly data: JsonValue; readonly text: string } {
  const privateAddress = facts.host === undefined ? undefined : isPrivateHost(facts.host);
  const explanation = explainDecision(
    compileSelection(config.settings.policy, host.cwd),
    { ...facts, ...(privateAddress === undefined ? {} : { privateAddress }) },
    connector,
    { tenant: config.settings.tenant, user: config.settings.user },
  );
  return { data: toJsonValue(explanation), text: explanationText(explanation).trimEnd() };
}

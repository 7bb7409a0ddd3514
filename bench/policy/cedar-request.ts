import type { AuthorizationCall, CedarValueJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { Principal } from "../../src/base/principal.ts";
import { canonicalHost } from "../../src/boundary/policy/host.ts";
import { networkOf } from "../../src/boundary/egress/address.ts";
import type { CallFacts } from "../../src/boundary/types.ts";

/** One question to a policy. */
export interface Question {
  readonly facts: CallFacts;
  readonly connector: string;
  readonly principal: Principal;
}

/** The same question to Cedar: its policies see what packs see, under the same names. */
export function cedarRequest({
  facts,
  connector,
  principal,
}: Question): Pick<
  AuthorizationCall,
  "principal" | "action" | "resource" | "context" | "entities"
> {
  const { operation, effect, repeat, tool, toolDigest, port } = facts;
  const host = facts.host === undefined ? undefined : canonicalHost(facts.host);
  const network = host === undefined ? undefined : networkOf(host);
  const context = {
    connector,
    operation,
    effect,
    repeat,
    tenant: principal.tenant,
    user: principal.user,
    tool,
    toolDigest,
    host,
    port,
    private: host === undefined ? undefined : network !== undefined && network !== "public",
    metadata: host === undefined ? undefined : network === "metadata",
    agent: principal.agent,
  };
  const user = { type: "User", id: principal.user };
  const tenant = { type: "Tenant", id: principal.tenant };
  return {
    principal: user,
    action: { type: "Action", id: operation },
    resource: { type: "Connector", id: connector },
    context: Object.fromEntries(
      Object.entries(context).filter((entry): entry is [string, string | number | boolean] => {
        return entry[1] !== undefined;
      }),
    ) satisfies Record<string, CedarValueJson>,
    entities: [{ uid: user, attrs: {}, parents: [tenant] }],
  };
}

import type { McpServerHandle } from "../connectors/mcp/handle.ts";
import type { StoredEvent } from "../events/event.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";
import { toolDigest } from "../tools/tool.ts";
import { pinRules, type RunTools } from "./pinned-policy.ts";

/** A run's tools of servers, from their first listing on. */
export interface KnownTools extends RunTools {
  /** The servers of a session are open. */
  opened(servers: readonly McpServerHandle[]): void;
}

/**
 * Knows what the run began with, from its log, and what people have said about changes since, from
 * their answers: whoever takes the run up knows the same.
 */
export function knownTools(
  runId: string,
  events: readonly StoredEvent[],
  approvals: SyncTenantStore["approvals"],
): KnownTools {
  const began = new Map<string, string>();
  const add = (name: string, digest: string): void => {
    if (!began.has(name)) began.set(name, digest);
  };
  for (const event of events) {
    if (event.type !== "session.opened") continue;
    for (const { name, source, digest } of event.tools) {
      if (source.startsWith("mcp:")) add(name, digest);
    }
  }
  let open: readonly McpServerHandle[] = [];
  return {
    opened: (servers) => {
      open = servers;
      for (const tool of servers.flatMap(({ tools }) => tools)) add(tool.name, toolDigest(tool));
    },
    began: (tool) => began.get(tool),
    accepted: (tool, digest) =>
      approvals
        .list()
        // A yes holds for the rest of the run, also once the question itself has run out.
        .filter((one) => one.runId === runId && one.ruleId === pinRules.changedInRun)
        .filter(({ decidedAt, state }) => decidedAt !== null && state !== "denied")
        .some(({ id }) => {
          const { facts } = approvals.find(id);
          return facts?.["tool"] === tool && facts["toolDigest"] === digest;
        }),
    difference: (tool) =>
      open.find(({ tools }) => tools.some(({ name }) => name === tool))?.differenceOf(tool) ?? "",
  };
}

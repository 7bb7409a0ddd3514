import type { JsonObject } from "../base/json.ts";
import type { CallFacts, ConnectorSpec } from "../boundary/types.ts";
import { type Tool, type ToolContext, toolDigest, type ToolOutput } from "../tools/tool.ts";

/** A piece of progress that a tool reports while it works. */
export interface ToolProgress {
  readonly message: string;
}

const defaultTimeoutMs = 60_000;

function definitionIn({ toolDigest: digest }: CallFacts): Pick<ToolContext, "toolDigest"> {
  return digest === undefined ? {} : { toolDigest: digest };
}

/**
 * Any tool as a connector: its source is the connector's id, its declarations are the facts that
 * policy sees. A tool that answers `isError` has answered: only exceptions are failures of the call.
 */
export function toolCallSpec(tool: Tool): ConnectorSpec<JsonObject, ToolOutput, ToolProgress> {
  const digest = toolDigest(tool);
  const timeoutMs = tool.timeoutMs ?? defaultTimeoutMs;
  return {
    id: tool.source,
    facts: (args) => ({
      operation: tool.operation ?? "tools/call",
      effect: tool.effect,
      repeat: tool.repeat,
      tool: tool.name,
      toolDigest: tool.latestDigest?.() ?? digest,
      ...tool.place,
      args,
    }),
    run: (context) =>
      tool.run(context.input, {
        signal: context.signal,
        // Made when it is first read: most tools stay in the process.
        get fetch() {
          return context.fetch;
        },
        idempotencyKey: context.idempotencyKey,
        ...definitionIn(context.facts),
        progress: (message) => context.emit({ message }),
      }),
    succeeded: ({ isError }) => !isError,
    timeouts: { attemptMs: timeoutMs, totalMs: timeoutMs * 2 },
    maxAttempts: 2,
  };
}

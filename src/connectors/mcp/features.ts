import { pathToFileURL } from "node:url";
import type {
  Client,
  ClientCapabilities,
  CreateMessageRequestParams,
  CreateMessageResult,
  ElicitRequestParams,
  ElicitResult,
} from "@modelcontextprotocol/client";

/** What a server may ask of whoever uses it, besides being called. */
export interface McpClientFeatures {
  /** Lets a model answer. Absent: the server is told that there is no model to be had. */
  readonly sample?: (
    params: CreateMessageRequestParams,
    signal: AbortSignal,
  ) => Promise<CreateMessageResult>;
  /** Lets a person answer. Absent: every question is declined. */
  readonly elicit?: (params: ElicitRequestParams, signal: AbortSignal) => Promise<ElicitResult>;
  /** Folders that the server is told to work in. */
  readonly roots?: readonly string[];
}

/** What the server is told that it may ask for. */
export function capabilitiesOf(features: McpClientFeatures): ClientCapabilities {
  return {
    // Declared also where nobody can be asked: a server then gets a "no" instead of an error.
    elicitation: { form: { applyDefaults: true } },
    ...(features.sample === undefined ? {} : { sampling: {} }),
    ...(features.roots === undefined ? {} : { roots: {} }),
  };
}

/**
 * Answers what the server asks.
 * @param onDeclined told of each question that nobody was asked
 */
export function answerServer(
  client: Client,
  { sample, elicit, roots }: McpClientFeatures,
  onDeclined: (question: string) => void,
): void {
  client.setRequestHandler("elicitation/create", async ({ params }, context) => {
    if (elicit !== undefined) return await elicit(params, context.mcpReq.signal);
    onDeclined(params.message);
    return { action: "decline" };
  });
  if (sample !== undefined) {
    client.setRequestHandler("sampling/createMessage", ({ params }, context) =>
      sample(params, context.mcpReq.signal),
    );
  }
  if (roots !== undefined) {
    client.setRequestHandler("roots/list", () => ({
      roots: roots.map((folder) => ({ uri: pathToFileURL(folder).href })),
    }));
  }
}

import { pathToFileURL } from "node:url";
import type {
  Client,
  ClientCapabilities,
  CreateMessageRequestParams,
  CreateMessageResult,
} from "@modelcontextprotocol/client";
import type { Person } from "./person.ts";
import type { Questions } from "./questions.ts";

/** What a server may ask of whoever uses it, besides being called. */
export interface McpClientFeatures {
  /** Lets a model answer. Absent: the server is told that there is no model to be had. */
  readonly sample?: (
    params: CreateMessageRequestParams,
    signal: AbortSignal,
  ) => Promise<CreateMessageResult>;
  /** Lets a person answer. Absent: every question is declined. */
  readonly person?: Person;
  /** Folders that the server is told to work in. */
  readonly roots?: readonly string[];
}

/** What the server is told that it may ask for. */
export function capabilitiesOf(features: McpClientFeatures): ClientCapabilities {
  return {
    // Declared also where nobody can be asked: a server then gets a "no" instead of an error.
    elicitation: {
      form: { applyDefaults: true },
      ...(features.person === undefined ? {} : { url: {} }),
    },
    ...(features.sample === undefined ? {} : { sampling: {} }),
    ...(features.roots === undefined ? {} : { roots: {} }),
  };
}

/** Answers what the server asks. */
export function answerServer(
  client: Client,
  { sample, roots }: McpClientFeatures,
  questions: Questions,
): void {
  client.setRequestHandler("elicitation/create", ({ params }) =>
    // From the 2026 protocol on, a server asks by what it answers to the call.
    questions.answer(params, client.getProtocolEra() === "modern"),
  );
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

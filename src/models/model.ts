import type { Effort } from "../base/effect.ts";
import type { JsonObject } from "../base/json.ts";
import type { AssistantPart, Message, Usage } from "../base/message.ts";

/** What a model is told about a tool. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, an object schema. */
  readonly inputSchema: JsonObject;
}

/** Which agent of a run asks. */
export interface Asker {
  readonly name: string;
  /** The call that handed it its work; absent for the run's own agent. */
  readonly path?: string;
  /** How many turns it has had, also where the messages do not hold all of them any more. */
  readonly answered?: number;
}

export interface ModelRequest {
  readonly system: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
  readonly maxOutputTokens: number;
  /** How hard to think, for models that can be told. */
  readonly effort?: Effort;
  /** For models that play what was written or recorded beforehand; no provider is told. */
  readonly asker?: Asker;
  /**
   * Set for a question about an agent's work, which is no turn of it: which one of the run, from 0.
   * For models that answer from a list.
   */
  readonly judgement?: number;
  /** Set for a question for a summary, which is no turn either: which one of the run, from 0. */
  readonly condensation?: number;
  /** Set for a question about which skills fit the run's task: which one of the run, from 0. */
  readonly matching?: number;
  /**
   * The form of the answer, for providers that can be told. The request's words ask for it too, and
   * what comes back is checked whatever the provider promised.
   */
  readonly answer?: { readonly name: string; readonly schema: JsonObject };
}

/** One model turn, complete. */
export interface ModelTurn {
  readonly parts: readonly AssistantPart[];
  readonly usage: Usage;
  /** The provider's word for why it stopped. For the record only: decide by content. */
  readonly finishReason: string;
  /** The model that really answered, where the provider says so. */
  readonly responseModel?: string;
  /** The specification of the model that was asked, where a run could have asked several. */
  readonly model?: string;
}

export type ModelEvent =
  | { readonly type: "text.delta"; readonly text: string }
  | { readonly type: "reasoning.delta"; readonly text: string }
  | {
      readonly type: "tool_call.delta";
      readonly toolCallId: string;
      readonly toolName: string;
      readonly text: string;
    }
  | { readonly type: "completed"; readonly turn: ModelTurn };

export interface ModelInfo {
  /** `anthropic`, `openai`, `google`, `openai-compatible`, `scripted`, `replay`. */
  readonly provider: string;
  readonly model: string;
  /** Where its requests go; absent for models that live in the process. */
  readonly baseUrl?: string;
  /** Size of the context window in tokens, where known. */
  readonly contextTokens?: number;
}

/** What a model may use to reach its provider: one governed call's own fetch and signal. */
export interface ModelIo {
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  readonly signal: AbortSignal;
  readonly idempotencyKey: string;
}

/**
 * A language model. The stream ends with one `completed` event. Failures are thrown as
 * Agent33Error with codes `models.*` or as the provider library's errors, which
 * `connectors/models` maps once. An implementation never retries by itself.
 */
export interface Model {
  readonly info: ModelInfo;
  stream(request: ModelRequest, io: ModelIo): AsyncIterable<ModelEvent>;
}

/** What a model can be told in one string: `provider:model`, after aliases are resolved. */
export interface ModelSpec {
  readonly provider: string;
  readonly model: string;
}

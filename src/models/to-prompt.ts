import type {
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { sha256 } from "../base/digest.ts";
import { unreachable } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { AssistantPart, Message, ProviderMetadata, ToolResultPart } from "../base/message.ts";
import type { ModelRequest } from "./model.ts";

type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];
type ToolContent = Extract<LanguageModelV4Message, { role: "tool" }>["content"];

/** What stands in for arguments that are no JSON object; the model sees its own text in it. */
const malformedArgumentsKey = "malformed_arguments";

/** What Anthropic takes for the id of a call, and no more characters than OpenAI does. */
const plainId = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Our conversation as the provider specification writes it.
 * @param plainIds whether ids of calls are put into the form that hosted providers take. Another model
 * may have given them, and a local model's template may live on their form.
 */
export function toPrompt(
  request: Pick<ModelRequest, "system" | "messages">,
  plainIds = false,
): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [];
  const idOf = (id: string): string =>
    !plainIds || plainId.test(id) ? id : `call_${sha256(id).slice(0, 32)}`;
  if (request.system !== "") prompt.push({ role: "system", content: request.system });
  for (const message of request.messages) {
    const converted = toMessage(message, idOf);
    if (converted !== undefined) prompt.push(converted);
  }
  return prompt;
}

type IdOf = (id: string) => string;

function toMessage(message: Message, idOf: IdOf): LanguageModelV4Message | undefined {
  switch (message.role) {
    case "user":
      return { role: "user", content: [{ type: "text", text: message.text }] };
    case "assistant": {
      const content = message.parts.flatMap((part) => toAssistantContent(part, idOf));
      // A message without content is refused by every provider, and says nothing.
      return content.length === 0 ? undefined : { role: "assistant", content };
    }
    case "tool":
      return {
        role: "tool",
        content: message.results.map((result) => toToolContent(result, idOf)),
      };
    default:
      return unreachable(message);
  }
}

function toAssistantContent(part: AssistantPart, idOf: IdOf): AssistantContent {
  switch (part.type) {
    case "text":
      // Empty text blocks are refused by Anthropic's API.
      return part.text === ""
        ? []
        : [{ type: "text", text: part.text, ...providerOptions(part.providerMetadata) }];
    case "reasoning":
      return [{ type: "reasoning", text: part.text, ...providerOptions(part.providerMetadata) }];
    case "tool_call":
      return [
        {
          type: "tool-call",
          toolCallId: idOf(part.toolCallId),
          toolName: part.toolName,
          input: parseArguments(part.argumentsText),
          ...providerOptions(part.providerMetadata),
        },
      ];
    default:
      return unreachable(part);
  }
}

function toToolContent(result: ToolResultPart, idOf: IdOf): ToolContent[number] {
  return {
    type: "tool-result",
    toolCallId: idOf(result.toolCallId),
    toolName: result.toolName,
    output: { type: result.isError ? "error-text" : "text", value: result.content },
  };
}

/** What came as metadata goes back as options: signatures, item ids, encrypted reasoning. */
function providerOptions(metadata: ProviderMetadata | undefined): {
  providerOptions?: SharedV4ProviderOptions;
} {
  // The specification's type is the same but for `readonly`.
  return metadata === undefined ? {} : { providerOptions: metadata as SharedV4ProviderOptions };
}

/**
 * Providers demand an object here, on the wire or in the chat template, also for a call whose
 * arguments were broken. Sending the broken text inside an object keeps the history valid and lets
 * the model see what it wrote.
 */
function parseArguments(text: string): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(text.trim() === "" ? "{}" : text) as JsonValue;
  } catch {
    return { [malformedArgumentsKey]: text };
  }
  return isJsonObject(value) ? value : { [malformedArgumentsKey]: text };
}

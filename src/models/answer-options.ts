import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { claudeTakesLevels } from "./effort.ts";
import type { ModelRequest } from "./model.ts";
import type { Vendor } from "./spec.ts";

type AnswerOptions = Pick<LanguageModelV4CallOptions, "responseFormat" | "providerOptions">;

/**
 * How a provider is told the form of an answer. Where it is not told, the request's words ask alone.
 *
 * | provider | models | sent |
 * |---|---|---|
 * | openai | all | the schema, not strict: strict takes a small part of JSON Schema and refuses the rest |
 * | anthropic | those that take a level of effort | the schema |
 * | anthropic | earlier | nothing: the package would force a tool on them, which thinking forbids |
 * | google | all | the schema |
 * | openai-compatible | all | the schema, only if the settings say that the server takes it |
 */
export function answerOptions(
  provider: Vendor,
  model: string,
  { answer }: Pick<ModelRequest, "answer">,
  acceptsSchema: boolean,
): AnswerOptions {
  if (answer === undefined) return {};
  const responseFormat = {
    type: "json",
    name: answer.name,
    // A JSON Schema in both; ours does not spell out the keywords in its type.
    schema: answer.schema as NonNullable<
      Extract<LanguageModelV4CallOptions["responseFormat"], { type: "json" }>["schema"]
    >,
  } as const;
  switch (provider) {
    case "openai":
      return { responseFormat, providerOptions: { openai: { strictJsonSchema: false } } };
    case "anthropic":
      return claudeTakesLevels(model) ? { responseFormat } : {};
    case "google":
      return { responseFormat };
    case "openai-compatible":
      return acceptsSchema
        ? { responseFormat, providerOptions: { compatible: { strictJsonSchema: false } } }
        : {};
    case "scripted":
    case "replay":
      return {};
  }
}

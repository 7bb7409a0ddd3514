import type { JsonObject, JsonValue } from "../base/json.ts";
import { repeatedName } from "../base/repeated-name.ts";
import { isFiniteJson } from "../tools/arguments.ts";
import { findJsonFault } from "../tools/json-position.ts";
import { createObjectSchemas } from "../tools/object-schema.ts";

/** What an answer says, or what keeps it from being one; each problem is a sentence. */
export type AnswerReading =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The form that an agent's last answer must have. */
export interface AnswerForm {
  readonly schema: JsonObject;
  /** Strict: the whole answer is one JSON object that fits, with or without one fence around it. */
  read(text: string): AnswerReading;
}

/** @param schema a JSON Schema that was compiled before */
export function answerForm(schema: JsonObject): AnswerForm {
  const problemsOf = createObjectSchemas()(schema, "the answer");
  return {
    schema,
    read: (text) => {
      const json = unfenced(text.trim());
      if (json === "") return { ok: false, problems: ["the answer is empty"] };
      const fault = findJsonFault(json);
      if (fault !== undefined) {
        const found = json.slice(fault.position, fault.position + 20);
        const there = found === "" ? "it ends" : `there is ${JSON.stringify(found)}`;
        const problem = `the answer is not JSON: at character ${fault.position + 1} ${there} where ${fault.expected} should be`;
        return { ok: false, problems: [problem] };
      }
      const value = JSON.parse(json) as JsonValue;
      const twice = repeatedName(json);
      if (twice !== undefined) {
        const problem = `the answer has the name ${JSON.stringify(twice)} twice in one object`;
        return { ok: false, problems: [problem] };
      }
      if (!isFiniteJson(value)) {
        return { ok: false, problems: ["the answer holds a number that is too large to be one"] };
      }
      const problems = problemsOf(value);
      return problems.length === 0
        ? { ok: true, value: value as JsonObject }
        : { ok: false, problems };
    },
  };
}

/** What the model is told of the form of its last answer. */
export function answerWords(schema: JsonObject): string {
  return [
    "Your last answer is read by a program. It must be one JSON object that fits the JSON Schema below, with nothing before or after it.",
    JSON.stringify(schema),
  ].join("\n");
}

/**
 * The content of a text that is one fenced block and nothing else; any other text as it is. A fence
 * ends at the start of a line, where no text within JSON can stand.
 */
function unfenced(text: string): string {
  const inner = /^```(?:json)?[ \t]*\n([\s\S]*)\n```$/.exec(text)?.[1];
  return inner === undefined || /^```/m.test(inner) ? text : inner.trim();
}

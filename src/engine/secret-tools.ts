import { isJsonObject, type JsonObject } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import type { Tool } from "../tools/tool.ts";
import { mapStrings } from "./redact-event.ts";

/**
 * A tool that gets the values behind placeholders, at the last moment: the model, the log, the
 * policy and the audit only ever saw the placeholders.
 */
export function withSecrets(tool: Tool, redactor: Redactor): Tool {
  return {
    ...tool,
    run: (args, context) => {
      const lost = redactor.lost(JSON.stringify(args));
      if (lost !== undefined) {
        const content = `Not run: the value behind ${lost} was seen before the run was resumed and was not kept. Read it again, then repeat the call.`;
        return Promise.resolve({ content, isError: true });
      }
      const revealed = mapStrings(args, redactor.reveal);
      return tool.run(isJsonObject(revealed) ? (revealed as JsonObject) : args, context);
    },
  };
}

import { isJsonObject } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import type { GovernedTool } from "../connectors/governed-tool.ts";
import { withInput } from "../connectors/with-input.ts";
import type { OfferedTool } from "../tools/tool.ts";
import { mapStrings } from "./redact-event.ts";

/**
 * A tool that gets the values behind placeholders, at the last moment: the model, the log, the
 * policy and the audit only ever saw the placeholders.
 */
export function withSecrets(governed: GovernedTool, redactor: Redactor): GovernedTool {
  const { spec } = governed;
  return {
    ...governed,
    tool: withoutSecrets(governed.tool, redactor),
    spec: {
      ...spec,
      run: async (context) => {
        const args = context.input;
        const withheld = redactor.withheld(JSON.stringify(args));
        if (withheld !== undefined) {
          const content = `Not run: ${withheld} stands for a secret that tools do not get here. If it came out of a file before the run was resumed, read it again; a credential of this machine cannot be used this way.`;
          return { content, isError: true };
        }
        const revealed = mapStrings(args, redactor.reveal);
        const output = await spec.run(withInput(context, isJsonObject(revealed) ? revealed : args));
        // Here already, before a long result is cut: half a credential would not be known as one.
        return { ...output, content: redactor.text(output.content) };
      },
    },
  };
}

/** A tool as models are told of it. What decides about its calls knows it by its digest as it is. */
function withoutSecrets(tool: OfferedTool, { registered }: Redactor): OfferedTool {
  const said = { description: tool.description, inputSchema: tool.inputSchema };
  const hidden = mapStrings(said, registered);
  return JSON.stringify(hidden) === JSON.stringify(said)
    ? tool
    : { ...tool, ...(hidden as unknown as typeof said) };
}

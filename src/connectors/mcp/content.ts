import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/client";
import { unreachable } from "../../base/errors.ts";
import { isJsonObject, toJsonValue } from "../../base/json.ts";
import type { ToolOutput } from "../../tools/tool.ts";

/** An MCP tool's result as text for a model. That the tool failed stays data. */
export function toToolOutput(result: CallToolResult): ToolOutput {
  const structured = toJsonValue(result.structuredContent);
  const text = result.content.map(describeBlock).join("\n");
  const isObject = isJsonObject(structured);
  return {
    // A tool may give its result only in structured form.
    content: text === "" && structured !== null ? JSON.stringify(structured) : text,
    isError: result.isError === true,
    ...(isObject ? { structured } : {}),
  };
}

/** Text as it is; of all else only what it would be. */
function describeBlock(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return notShown([block.mimeType, sizeOfBase64(block.data)]);
    case "resource_link":
      return notShown([`link to ${block.uri}`, block.mimeType]);
    case "resource":
      return "text" in block.resource
        ? `[${[block.resource.uri, block.resource.mimeType].filter(Boolean).join(", ")}]\n${block.resource.text}`
        : notShown([
            block.resource.uri,
            block.resource.mimeType,
            sizeOfBase64(block.resource.blob),
          ]);
    default:
      return unreachable(block);
  }
}

function notShown(facts: readonly (string | undefined)[]): string {
  return `[${[...facts, "not shown"].filter((fact) => fact !== undefined).join(", ")}]`;
}

function sizeOfBase64(data: string): string {
  const bytes = Buffer.byteLength(data, "base64");
  return bytes < 1_000 ? `${bytes} B` : `${Math.round(bytes / 1_000)} kB`;
}

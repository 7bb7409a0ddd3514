import type {
  BlobResourceContents,
  CallToolResult,
  ContentBlock,
  GetPromptResult,
  TextResourceContents,
} from "@modelcontextprotocol/client";
import { unreachable } from "../../base/errors.ts";
import { isJsonObject, toJsonValue } from "../../base/json.ts";
import { fromOutside } from "../../base/outside.ts";
import type { ToolOutput } from "../../tools/tool.ts";

/**
 * An MCP tool's result as text for a model. That the tool failed stays data.
 * @param server its name
 * @param unanswered what the server asked a person in vain: a question is the server's words as well
 */
export function toToolOutput(
  server: string,
  result: CallToolResult,
  unanswered: readonly string[] = [],
): ToolOutput {
  const structured = toJsonValue(result.structuredContent);
  const text = result.content.map(describeBlock).join("\n");
  const isObject = isJsonObject(structured);
  // A tool may give its result only in structured form.
  const given = text === "" && structured !== null ? JSON.stringify(structured) : text;
  const asked = unanswered.map((question) => `[The server asked a person: ${question}]`);
  return {
    content: ofServer(server, [given, ...asked].join("\n")),
    isError: result.isError === true,
    ...(isObject ? { structured } : {}),
  };
}

/** What a server said, for a model: its words may be those of whoever wrote what it found. */
export function ofServer(server: string, text: string): string {
  return text === "" ? "" : fromOutside([`MCP server: ${server}`], text);
}

/** A prompt's messages, each under the name of who says it. */
export function toPromptText({ messages }: GetPromptResult): string {
  return messages.map(({ role, content }) => `${role}: ${describeBlock(content)}`).join("\n");
}

/** Text as it is; of all else only what it would be. */
export function describeBlock(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return notShown([block.mimeType, sizeOfBase64(block.data)]);
    case "resource_link":
      return notShown([`link to ${block.uri}`, block.mimeType]);
    case "resource":
      return describeResource(block.resource);
    default:
      return unreachable(block);
  }
}

/** The same for a resource: its text under its address, or what it would be. */
export function describeResource(resource: TextResourceContents | BlobResourceContents): string {
  return "text" in resource
    ? `[${[resource.uri, resource.mimeType].filter(Boolean).join(", ")}]\n${resource.text}`
    : notShown([resource.uri, resource.mimeType, sizeOfBase64(resource.blob)]);
}

function notShown(facts: readonly (string | undefined)[]): string {
  return `[${[...facts, "not shown"].filter((fact) => fact !== undefined).join(", ")}]`;
}

function sizeOfBase64(data: string): string {
  const bytes = Buffer.byteLength(data, "base64");
  return bytes < 1_000 ? `${bytes} B` : `${Math.round(bytes / 1_000)} kB`;
}

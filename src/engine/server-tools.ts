import { createToolIndex } from "../tools/search/tool-index.ts";
import type { McpInspection, McpToolReport } from "./mcp-admin.ts";

/** A tool of a server that fits a search. */
export interface FoundTool extends McpToolReport {
  readonly server: string;
  readonly score: number;
}

/** Finds tools by words among what servers said they offer, best first. */
export function searchServerTools(
  { servers }: Pick<McpInspection, "servers">,
  { query, limit }: { readonly query: string; readonly limit: number },
): { readonly items: FoundTool[]; readonly searched: number } {
  // Two servers may have tools of one name, and the index wants each name once.
  const tools = new Map<string, McpToolReport & { readonly server: string }>(
    servers.flatMap(({ name, tools: offered }) =>
      offered.map((tool) => [`${name} ${tool.name}`, { server: name, ...tool }] as const),
    ),
  );
  const index = createToolIndex();
  index.update(
    "servers",
    [...tools].map(([name, { description }]) => ({ name, description })),
  );
  const items = index.search({ query, limit }).flatMap(({ name, score }): readonly FoundTool[] => {
    const tool = tools.get(name);
    return tool === undefined ? [] : [{ ...tool, score }];
  });
  return { items, searched: tools.size };
}

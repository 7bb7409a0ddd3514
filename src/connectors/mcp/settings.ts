import { z } from "zod";

/** What holds for all MCP servers; the servers themselves are `mcpServers`. */
export const mcpSettings = z.strictObject({
  startSeconds: z
    .int()
    .positive()
    .max(3_600)
    .default(60)
    .describe("seconds that an MCP server may take to start"),
  callSeconds: z
    .int()
    .positive()
    .max(86_400)
    .default(60)
    .describe("seconds that one call of an MCP tool may take"),
});

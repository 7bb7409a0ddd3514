import { join } from "node:path";
import { listWithin, ofType, probe, projectRoot, within } from "./support/bench.ts";
import { says, script } from "./support/scripts.ts";

// Tools of an MCP server are listed, called by a run as governed calls, and their results come back.
// Sabotaged: the server offers another folder.
await probe(async ({ folder, sabotaged, put, agent33 }) => {
  put("notes/day.txt", "The kettle is on.\n");
  put("other/.keep", "");
  const server = join(
    projectRoot,
    "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js",
  );
  put("agent33.config.yaml", {
    mcpServers: {
      files: {
        command: process.execPath,
        args: [server, join(folder, sabotaged ? "other" : "notes")],
        tools: { read_text_file: { effect: "read", repeat: "safe" } },
      },
    },
  });
  const reads = {
    tool_calls: [
      { name: "files__read_text_file", arguments: { path: join(folder, "notes/day.txt") } },
    ],
  };
  put("turns.yaml", script("m", reads, says("It is on.")));
  const listed = (await agent33("mcp", "tools", "--json")).json();
  const words = ["--model", "scripted:turns.yaml", "--json"];
  const events = (await agent33("run", "Is the kettle on?", ...words)).lines();
  const [call] = ofType(events, "tool.completed");
  const audited = (await agent33("audit", "list", "--json")).json();
  const ofServer = listWithin(audited, "items").filter(
    (item) => within(item, "connector") === "mcp:files",
  );
  const tools = listWithin(listed, "items", 0, "tools");
  const reading = tools.find((tool) => within(tool, "name") === "read_text_file");
  return {
    tools: tools.length,
    effect: within(reading, "effect"),
    answered: JSON.stringify(within(call, "content") ?? call ?? null),
    audited: ofServer.length,
  };
});

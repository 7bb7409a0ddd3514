import { describe, expect, test } from "vitest";
import { unwrap } from "../../base/result.ts";
import type { Tool, ToolOutput } from "../tool.ts";
import { createFindTools } from "./find-tools.ts";
import { createToolIndex } from "./tool-index.ts";

const context = { signal: new AbortController().signal, idempotencyKey: "k", progress: () => {} };

function server(...described: readonly (readonly [name: string, description: string])[]) {
  const index = createToolIndex();
  const tools = described.map(([name, description]): Tool => {
    const definition = { name, description, inputSchema: {} };
    return {
      ...definition,
      source: "mcp:mail",
      effect: "unknown",
      repeat: "once",
      parse: () => ({ ok: true, value: {} }),
      run: async () => ({ content: "", isError: false }),
    };
  });
  index.update("mcp:mail", tools);
  return { index, tools };
}

function finder(
  { index, tools }: ReturnType<typeof server>,
  denied: readonly string[] = [],
  sources = [{ name: "mcp:mail", tools: tools.length }],
): Tool {
  return createFindTools({
    index,
    sources,
    offered: (name) => tools.find((tool) => tool.name === name && !denied.includes(name)),
  });
}

function search(tool: Tool, args: unknown): Promise<ToolOutput> {
  return tool.run(unwrap(tool.parse(args)), context);
}

const mail = server(
  ["mail__send", "Sends a mail.\n\n  Second paragraph."],
  ["mail__read", "Reads a mail."],
  ["mail__purge", "Deletes every mail for good."],
);

describe("find_tools", () => {
  test("names what it found with a line each, and says that it is active", async () => {
    expect(await search(finder(mail), { query: "send a mail", limit: 1 })).toEqual({
      content: "Active from your next turn on:\n- mail__send: Sends a mail. Second paragraph.",
      isError: false,
      activates: ["mail__send"],
    });
  });

  test("gives five tools unless it is told otherwise, and no more than twenty", async () => {
    const names = Array.from({ length: 9 }, (_, n) => [`t${n}`, "sends"] as const);
    const tool = finder(server(...names));
    expect((await search(tool, { query: "send" })).activates).toHaveLength(5);
    expect((await search(tool, { query: "send", limit: 8 })).activates).toHaveLength(8);
    expect(tool.parse({ query: "send", limit: 21 }).ok).toBe(false);
  });

  test("neither names nor activates what may not be offered, and gives the next best instead", async () => {
    const output = await search(finder(mail, ["mail__purge"]), {
      query: "purge, delete every mail",
      limit: 3,
    });
    expect(output.content).not.toContain("purge");
    expect(output.activates).toEqual(["mail__read", "mail__send"]);
  });

  test("finding nothing is an answer, and activates nothing", async () => {
    const output = await search(finder(mail), { query: "weather" });
    expect(output).toEqual({ content: expect.stringMatching(/^No tool fits/), isError: false });
  });

  test("tells the model how many tools there are and from where, in a bounded text", () => {
    expect(finder(mail).description).toContain("3 more, from mcp:mail (3).");
    const many = Array.from({ length: 500 }, (_, n) => ({ name: `mcp:server${n}`, tools: 20 }));
    const { description } = finder(mail, [], many);
    expect(description).toContain("and 460 more sources");
    expect(description.length).toBeLessThan(1_500);
  });

  test("a description of a megabyte becomes one line", async () => {
    const { content } = await search(finder(server(["big", "word ".repeat(200_000)])), {
      query: "word",
    });
    expect(content.length).toBeLessThan(300);
    expect(content).toMatch(/…$/);
  });
});

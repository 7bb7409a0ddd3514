import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { policySelectionSchema } from "../config/schema.ts";
import { loadTokenCounter } from "../models/tokens.ts";
import { governed, type GovernedTool } from "../connectors/governed-tool.ts";
import type { Tool } from "../tools/tool.ts";
import { compileSelection } from "./policy.ts";
import { arrangeTools } from "./tool-search.ts";

const tool = (name: string, inputSchema: Tool["inputSchema"] = { type: "object" }): Tool => ({
  name,
  description: `Does ${name}.`,
  inputSchema,
  source: "mcp:x",
  effect: "read",
  repeat: "safe",
  parse: () => ({ ok: true, value: {} }),
  run: async () => ({ content: "", isError: false }),
});

async function arranged(
  offered: readonly Tool[],
  settings: Parameters<typeof arrangeTools>[0]["settings"],
) {
  const selection = policySelectionSchema.parse({});
  const policy = compileSelection(selection, tmpdir()).policyFor({
    entryPoint: "cli",
    tenant: "t",
  });
  return arrangeTools({
    own: [governed(tool("own"))],
    offered,
    settings,
    earlier: undefined,
    tokens: await loadTokenCounter(),
    policy,
    principal: { tenant: "t", user: "u", agent: "a" },
  });
}

const names = (tools: readonly GovernedTool[]): readonly string[] =>
  tools.map(({ tool: { name } }) => name);
const always = { search: "always", searchAboveTokens: 6_000 } as const;

describe("how a run's tools are arranged", () => {
  test("without servers nothing is searched, whatever the settings say", async () => {
    expect(names((await arranged([], always)).shown)).toEqual(["own"]);
  });

  test("where all fit, the tools of servers come first, as their order was before", async () => {
    const { shown, toFind } = await arranged([tool("b"), tool("a")], { ...always, search: "auto" });
    expect(names(shown)).toEqual(["b", "a", "own"]);
    expect(toFind).toEqual([]);
  });

  test("what search cannot read is said of twenty tools, and of the others how many they are", async () => {
    const broken = Array.from({ length: 1_000 }, (_, n) => tool(`t${n}`, { properties: [] }));
    const { notices, toFind } = await arranged(broken, always);
    expect(toFind).toHaveLength(1_000);
    expect(notices).toHaveLength(21);
    expect(notices[0]).toBe(
      'Search does not see all of tool "t0": "properties" in its schema is not an object.',
    );
    expect(notices.at(-1)).toBe("Search does not see all of 980 more tools.");
  });

  test("a definition of megabytes does not hold a session up", async () => {
    const large = { ...tool("large"), description: "a word ".repeat(300_000) };
    const began = performance.now();
    const { toFind } = await arranged([large], { ...always, search: "auto" });
    expect(toFind).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

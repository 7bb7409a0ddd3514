import { describe, expect, test } from "vitest";
import { ok } from "../base/result.ts";
import { createToolRegistry } from "./registry.ts";
import type { Tool } from "./tool.ts";

const tool = (name: string, source = "tool:test"): Tool => ({
  name,
  source,
  description: "",
  inputSchema: { type: "object" },
  effect: "read",
  repeat: "safe",
  parse: () => ok({}),
  run: async () => ({ content: "", isError: false }),
});

describe("createToolRegistry", () => {
  test("finds tools by name and lists them in their order", () => {
    const registry = createToolRegistry([tool("b"), tool("a")]);
    expect(registry.list().map(({ name }) => name)).toEqual(["b", "a"]);
    expect(registry.get("a")).toMatchObject({ ok: true, value: { name: "a" } });
  });

  test("names both sources of a name that is taken twice", () => {
    expect(() => createToolRegistry([tool("a", "mcp:one"), tool("a", "mcp:two")])).toThrow(
      expect.objectContaining({
        code: "tools.name_conflict",
        message: expect.stringMatching(/mcp:one.*mcp:two/),
      }),
    );
  });

  test.each(["", "with space", "dots.too", "ümlaut", "x".repeat(65)])(
    "refuses the name %j",
    (name) => {
      expect(() => createToolRegistry([tool(name)])).toThrow(
        expect.objectContaining({ code: "tools.invalid_name" }),
      );
    },
  );

  test("takes a name of 64 characters", () => {
    expect(createToolRegistry([tool("x".repeat(64))]).list()).toHaveLength(1);
  });

  test("suggests what was probably meant", () => {
    const registry = createToolRegistry([tool("filesystem__read_file"), tool("append_line")]);
    expect(registry.get("filesystem__readfile")).toMatchObject({
      ok: false,
      error: { code: "tools.unknown_tool", hint: 'Did you mean "filesystem__read_file"?' },
    });
    expect(registry.get("zzz")).toMatchObject({
      ok: false,
      error: { hint: expect.stringContaining("append_line") },
    });
  });

  test("knows no tool by the names that every object has", () => {
    expect(createToolRegistry([]).get("constructor").ok).toBe(false);
  });
});

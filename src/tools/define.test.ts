import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineTool } from "./define.ts";

const context = { signal: new AbortController().signal, idempotencyKey: "k", progress: () => {} };

const repeatTool = defineTool({
  name: "repeat",
  description: "Repeats a text.",
  input: z.object({
    text: z.string().min(1).describe("What to repeat."),
    times: z.int().min(1).max(5).default(2).describe("How often."),
    style: z.enum(["plain", "loud"]).optional(),
  }),
  effect: "read",
  repeat: "safe",
  source: "tool:test",
  timeoutMs: 1_000,
  run: async ({ text, times }) => ({ content: text.repeat(times), isError: false }),
});

describe("defineTool", () => {
  test("shows the model an object schema in which defaults are optional", () => {
    expect(repeatTool.inputSchema).toMatchObject({
      type: "object",
      required: ["text"],
      properties: {
        text: { type: "string", minLength: 1, description: "What to repeat." },
        times: { type: "integer", minimum: 1, maximum: 5, default: 2 },
        style: { enum: ["plain", "loud"] },
      },
    });
    expect(repeatTool.inputSchema).not.toHaveProperty("$schema");
    expect(repeatTool).toMatchObject({
      effect: "read",
      repeat: "safe",
      source: "tool:test",
      timeoutMs: 1_000,
    });
  });

  test("fills defaults in when it parses, and parsed arguments run", async () => {
    const parsed = repeatTool.parse({ text: "ab" });
    expect(parsed).toEqual({ ok: true, value: { text: "ab", times: 2 } });
    if (!parsed.ok) throw parsed.error;
    expect(await repeatTool.run(parsed.value, context)).toEqual({
      content: "abab",
      isError: false,
    });
  });

  test("names each wrong field and what was expected", () => {
    const parsed = repeatTool.parse({ text: 5, times: 9, style: "soft" });
    expect(parsed).toMatchObject({ ok: false, error: { code: "tools.invalid_arguments" } });
    const message = parsed.ok ? "" : parsed.error.message;
    expect(message).toContain("arguments of repeat");
    expect(message).toContain("text: Invalid input: expected string, received number");
    expect(message).toContain("times: Too big");
    expect(message).toContain('style: Invalid option: expected one of "plain"|"loud"');
  });

  test("refuses arguments that are no object", () => {
    expect(repeatTool.parse([1]).ok).toBe(false);
    expect(repeatTool.parse(null).ok).toBe(false);
  });

  test("does not run on arguments that were never parsed and do not fit", async () => {
    await expect(repeatTool.run({ times: 1 }, context)).rejects.toMatchObject({
      code: "tools.invalid_arguments",
    });
  });

  test("refuses an input that no JSON Schema can say", () => {
    const plan = {
      name: "bad",
      description: "",
      input: z.object({ when: z.date() }),
      effect: "read",
      repeat: "safe",
      source: "tool:test",
      run: async () => ({ content: "", isError: false }),
    } as const;
    expect(() => defineTool(plan)).toThrow(
      expect.objectContaining({ code: "tools.invalid_schema" }),
    );
  });
});

import { expect, test } from "vitest";
import { resolveReferences } from "./references.ts";

test("a text takes what its variables hold, and nothing else", () => {
  const env = { TOKEN: "abc", OTHER: "$" };
  const texts = { header: "Bearer ${TOKEN}/${OTHER} ${env:TOKEN} $TOKEN ${1}" };
  expect(resolveReferences(texts, env, "x")).toEqual({
    header: "Bearer abc/$ ${env:TOKEN} $TOKEN ${1}",
  });
  expect(() => resolveReferences({ key: "${MISSING}" }, env, "notes")).toThrow(
    expect.objectContaining({
      code: "config.missing_variable",
      message: expect.stringContaining('MCP server "notes"'),
    }),
  );
});

import { expect, test } from "vitest";
import { withVariables } from "./secrets.ts";

test("a text takes what its variables hold, and nothing else", () => {
  const env = { TOKEN: " abc ", OTHER: "$" };
  expect(withVariables("Bearer ${env:TOKEN}/${env:OTHER} ${TOKEN} $TOKEN", env, "x")).toBe(
    "Bearer abc/$ ${TOKEN} $TOKEN",
  );
  expect(() => withVariables("${env:MISSING}", env, 'MCP server "notes"')).toThrow(
    expect.objectContaining({
      code: "config.missing_secret",
      message: expect.stringContaining('MCP server "notes"'),
    }),
  );
});

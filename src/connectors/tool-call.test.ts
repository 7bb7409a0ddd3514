import { expect, test } from "vitest";
import { z } from "zod";
import { testBoundary } from "../../test/support/boundary.ts";
import { options } from "../../test/support/connector.ts";
import { policyOf } from "../../test/support/leave.ts";
import { defineTool } from "../tools/define.ts";
import { toolCallSpec } from "./tool-call.ts";

test("a tool that answers with an error has not done what a rule waits for", async () => {
  const { boundary } = testBoundary({
    policy: policyOf("allow", "deny: { tool: deploy }, before: { tool: run_tests }"),
  });
  let red = true;
  const tool = (name: string) =>
    toolCallSpec(
      defineTool({
        name,
        description: "d",
        source: "tool:ci",
        effect: "write",
        repeat: "keyed",
        input: z.strictObject({}),
        run: () => Promise.resolve({ content: name, isError: red }),
      }),
    );
  const call = async (name: string) =>
    (await boundary.connector(tool(name)).tryCall({}, options)).ok;
  expect(await call("run_tests")).toBe(true);
  expect(await call("deploy")).toBe(false);
  red = false;
  expect(await call("run_tests")).toBe(true);
  expect(await call("deploy")).toBe(true);
});

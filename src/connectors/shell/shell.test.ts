import { expect, test } from "vitest";
import { shellTool } from "./shell.ts";

test("is refused with the probe's reason and hint where there is no sandbox", () => {
  const probe = {
    available: false,
    reason: "bubblewrap is not installed.",
    hint: "Install it.",
  } as const;
  expect(shellTool(probe)).toMatchObject({
    ok: false,
    error: {
      code: "shell.sandbox_unavailable",
      message: expect.stringContaining("bubblewrap is not installed."),
      hint: "Install it.",
    },
  });
});

test("is refused where there is a sandbox too, because it cannot use it", () => {
  expect(shellTool({ available: true, version: "0.8.0" })).toMatchObject({
    ok: false,
    error: { code: "shell.not_supported", message: expect.stringContaining("0.8.0") },
  });
});

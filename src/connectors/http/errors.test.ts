import { expect, test } from "vitest";
import { networkError } from "./errors.ts";

test("a port that no client of HTTP asks is a refusal with its reason, and not a riddle", async () => {
  const failure: unknown = await fetch("http://127.0.0.1:22/").catch((error: unknown) => error);
  expect(networkError("the shop", failure)).toMatchObject({
    kind: "egress_blocked",
    retryable: false,
    phase: "before_send",
    message: "The port of the shop belongs to another protocol, and no HTTP request goes there.",
    hint: expect.stringContaining("another port"),
  });
});

import { expect, test } from "vitest";
import type { CallRecord } from "../engine.ts";
import { recorded } from "./recorded.ts";
import type { RawInput, Route, RouteContext } from "./route.ts";

/** The digest that the record of a request has. */
async function digestOf(hidesBody: boolean, value: string): Promise<string | undefined> {
  let opened: CallRecord | undefined;
  const audit = {
    open: async (record: CallRecord) => {
      opened = record;
    },
    close: async () => undefined,
  };
  const route = {
    method: "POST",
    path: "/v1/x",
    scope: "secrets:write",
    effect: "write",
    hidesBody,
    respond: async () => ({ kind: "json", status: 200, body: {} }),
  } as unknown as Route;
  const context = {
    caller: { tenant: "t", user: "u", key: "k" },
    engine: { audit: { together: () => audit }, boundary: { policy: { version: "1" } } },
    host: { ids: () => "id", clock: { now: () => 1, monotonic: () => 1 } },
  } as unknown as RouteContext;
  const input: RawInput = { params: {}, query: {}, body: { value } };
  await recorded(route).respond(input, context);
  return opened?.argsDigest;
}

test("the record of a body that is a secret does not depend on it", async () => {
  expect(await digestOf(true, "one")).toBe(await digestOf(true, "other"));
  expect(await digestOf(false, "one")).not.toBe(await digestOf(false, "other"));
});

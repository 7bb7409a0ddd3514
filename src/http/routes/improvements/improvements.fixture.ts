import { expect } from "vitest";
import type { TestApi } from "../../../../test/support/api.ts";

export const place = "/v1/improvements";

/** A signal with nothing special in it. */
export const signal = {
  type: "incident",
  severity: "medium",
  summary: "The nightly import took 48 minutes",
};

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Makes something, which can be found where the answer says. Returns its id. */
export async function made(
  api: TestApi,
  path: string,
  body: unknown,
  as = "one/admin",
): Promise<string> {
  const answer = await api.ask("POST", `${place}${path}`, { body, as });
  expect(answer.status, answer.text).toBe(201);
  const location = answer.headers.get("location") ?? "";
  expect((await api.ask("GET", location, { as })).status).toBe(200);
  return location.slice(location.lastIndexOf("/") + 1);
}

/** What an operation refuses something with. */
export async function code(
  api: TestApi,
  method: string,
  path: string,
  request: Parameters<TestApi["ask"]>[2] = {},
): Promise<readonly [number, string]> {
  const { status, body } = await api.ask(method, `${place}${path}`, request);
  return [status, (body as { code: string }).code];
}

import { expect, test } from "vitest";
import { Agent33Error } from "../../base/errors.ts";
import { mapPostgresError, mayRunAgain, outcomeUnknown } from "./errors.ts";

const place = "postgres://agent33@db.example:5432/store";
const foreign = (code: string, message = "said the server") =>
  Object.assign(new Error(message), { code });

test.each([
  ["53100", "store.full", false],
  ["53300", "store.busy", true],
  ["55P03", "store.busy", true],
  ["57014", "store.busy", true],
  ["25006", "store.readonly", false],
  ["58030", "store.io", false],
  ["XX001", "store.corrupt", false],
  ["XX002", "store.corrupt", false],
  ["28P01", "store.access", false],
  ["3D000", "store.access", false],
  ["42501", "store.access", false],
  ["40001", "store.conflict", true],
  ["40P01", "store.conflict", true],
  ["57P01", "store.unreachable", true],
  ["08006", "store.unreachable", true],
  ["ECONNRESET", "store.unreachable", true],
  ["ENOTFOUND", "store.unreachable", true],
  ["SELF_SIGNED_CERT_IN_CHAIN", "store.access", false],
  ["22021", "store.bad_parameter", false],
  ["42P01", "store.failed", false],
])("%s is %s, retryable: %s", (code, expected, retryable) => {
  const error = mapPostgresError(foreign(code), place);
  expect(error).toMatchObject({ code: expected, retryable });
  expect(error.message).toContain(place);
  expect(error.message).toContain("said the server.");
  expect(error.hint).toMatch(/\.$/);
});

test("a host whose every address refuses is told with the words of the first", () => {
  const each = [foreign("ECONNREFUSED", "connect ECONNREFUSED ::1:5432")];
  const error = Object.assign(new AggregateError(each), { code: "ECONNREFUSED" });
  expect(mapPostgresError(error, place).message).toContain("connect ECONNREFUSED ::1:5432.");
});

test("a typed error passes unchanged", () => {
  const error = new Agent33Error("store.unknown_run", "There is none.");
  expect(mapPostgresError(error, place)).toBe(error);
});

test("only conflicts, lost connections and a server that starts are run again", () => {
  const again = (code: string) => mayRunAgain(mapPostgresError(foreign(code), place));
  expect(["40001", "40P01", "57P01", "57P03", "ECONNRESET", "ECONNREFUSED"].map(again)).toEqual(
    Array.from({ length: 6 }, () => true),
  );
  expect(["ENOTFOUND", "28P01", "53300", "55P03", "23505", "53100"].map(again)).toEqual(
    Array.from({ length: 6 }, () => false),
  );
});

test("a lost commit is of unknown outcome and not run again, an answered failure is not kept", () => {
  const lost = outcomeUnknown(mapPostgresError(foreign("57P01"), place), place);
  expect(lost).toMatchObject({ code: "store.outcome_unknown", retryable: true });
  expect(mayRunAgain(lost)).toBe(false);
  const full = mapPostgresError(foreign("53100"), place);
  expect(outcomeUnknown(full, place)).toBe(full);
});

import { describe, expect, test } from "vitest";
import { auditRow } from "./render-audit.ts";

const row = (record: Parameters<typeof auditRow>[0]["record"]) =>
  auditRow({
    id: "0198c0de-0000-7000-8000-000000000000",
    runId: "run-1",
    at: 0,
    connector: "mcp:files",
    operation: "session/open",
    outcome: "ok",
    record,
  } as unknown as Parameters<typeof auditRow>[0]).join(" ");

describe("a server's start in the list of calls", () => {
  test("is said to be unconfined where nobody can say what the server does", () => {
    expect(row({ effect: "unknown" })).toContain("session/open (unconfined)");
    expect(row({ effect: "write" })).not.toContain("unconfined");
  });
});

import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import type { FeedSource } from "../feed/feed.ts";
import { createExporter, type Sink } from "./exporter.ts";
import { appendRecords, lengthOf } from "./jsonl-file.ts";
import { exportRecord } from "./record.ts";

function call(position: number) {
  return {
    callId: `call-${position}`,
    at: position,
    connector: "model:x",
    operation: "chat",
    effect: "read",
    decision: { effect: "allow", ruleId: "r" },
    attempts: [],
    durationMs: 1,
    outcome: "ok",
  };
}

/** A store with so many calls. */
function sourceOf(count: () => number): FeedSource {
  return {
    tenants: async () => ["t"],
    calls: async (_tenant, after, limit) => {
      const last = Math.min(count(), after + limit);
      const places = Array.from({ length: last - after }, (_, at) => after + at + 1);
      return { calls: places.map(call), last };
    },
    runs: async () => [],
    run: async () => undefined,
    events: async () => [],
  };
}

test("a process that ends after it began a new file in the place of a moved one writes nothing twice", async () => {
  const folder = temporaryFolder("exporter");
  const path = join(folder, "told.jsonl");
  let calls = 5;
  let isKilled = false;
  const sink: Sink = {
    name: "jsonl",
    length: () => lengthOf(path),
    deliver: async (told, { bytes }) => {
      const records = told.map(exportRecord).filter((record) => record !== undefined);
      const length = appendRecords(path, records, bytes);
      if (isKilled) throw new Error("killed before it was noted");
      return { dropped: 0, bytes: length };
    },
  };
  const exporter = createExporter({
    sink,
    source: sourceOf(() => calls),
    path: join(folder, "place.json"),
    mark: "1",
    isTold: () => true,
    alone: () => () => undefined,
  });
  await exporter.look();
  renameSync(path, join(folder, "told.1.jsonl"));
  calls = 7;
  isKilled = true;
  await expect(exporter.look()).rejects.toThrow("killed");
  isKilled = false;
  await exporter.look();
  const ids = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { id: string }).id);
  expect(ids).toEqual(["call-6", "call-7"]);
});

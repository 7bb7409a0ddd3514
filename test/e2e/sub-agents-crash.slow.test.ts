import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { createEngine } from "../../src/engine.ts";
import type { EventOf, StoredEvent } from "../../src/events/event.ts";
import { eventsOf, testEngine } from "../support/engine.ts";
import { handTo, teamRequest } from "../support/team.ts";
import { temporaryFolder } from "../support/temporary.ts";

const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });
const team = {
  agents: { lead: { agents: ["writer", "reader"] }, writer: {}, reader: {} },
  turns: [
    { tool_calls: [handTo("writer"), handTo("reader")] },
    { tool_calls: [append("by the lead")] },
    { text: "Both have reported." },
  ],
  says: {
    writer: [
      { tool_calls: [append("first")] },
      { tool_calls: [append("second")] },
      { text: "I wrote." },
    ],
    reader: [{ tool_calls: [append("third")] }, { text: "I read." }],
  },
};
/** The same, with a writer whose answer has to be mended and whose work is checked and judged. */
const judged = {
  ...team,
  agents: {
    ...team.agents,
    writer: {
      outputs: { type: "object", properties: { lines: { type: "integer" } }, required: ["lines"] },
      completion: { checks: [{ command: "true" }], judge: { criteria: "There are lines." } },
    },
  },
  says: { ...team.says, writer: [...team.says.writer, { text: '{"lines": 2}' }] },
  judges: { writer: [{ text: '{"met": true, "reasons": []}' }] },
};
const lines = ["by the lead", "first", "second", "third"];

type Results = ReadonlyMap<string, string>;

/** What each call came to, by the agent and the place of the call; how long texts were is left out. */
function resultsOf(events: readonly StoredEvent[]): Results {
  return new Map(
    eventsOf(events, "tool.completed").map((event) => [
      nameOf(event),
      event.content.replace(/\d+ tokens/, ""),
    ]),
  );
}

const nameOf = ({ agentPath = "", turn, index }: EventOf<"tool.started" | "tool.completed">) =>
  `${agentPath} ${turn}.${index}`;

/** The writes that had begun and not ended: whether they happened nobody can know. */
function inFlight(events: readonly StoredEvent[]): ReadonlySet<string> {
  const ended = resultsOf(events);
  return new Set(
    eventsOf(events, "tool.started")
      .filter((event) => event.toolName === "append_line" && !ended.has(nameOf(event)))
      .map(nameOf),
  );
}

/** What a run came to, without what is another each time. */
function ending(events: readonly StoredEvent[]) {
  const { outcome, summary, totals } = eventsOf(events, "run.finished")[0] ?? {};
  return { outcome, summary, turns: totals?.turns, toolCalls: totals?.toolCalls };
}

test.each([
  ["a run", team, { turns: 8, toolCalls: 6 }],
  ["a run with an agent that is judged", judged, { turns: 9, toolCalls: 6 }],
])(
  "%s whose process is gone at any event of it ends as it would have",
  async (_what, team, used) => {
    const { engine, folder, config, host } = testEngine();
    const images = temporaryFolder("images");
    const notes = join(folder, "notes.txt");
    const read = () => readFileSync(notes, "utf8").trim().split("\n").toSorted();
    const runId = await engine.runs.create(teamRequest({ folder }, team));
    let last = 0;
    // What is on the disk at an event is what a process that is killed there leaves behind.
    engine.runs.follow(runId, (event) => {
      if (!("seq" in event) || event.type === "run.finished") return;
      last = event.seq;
      cpSync(folder, join(images, String(last)), { recursive: true });
    });
    await engine.runs.drive(runId);
    const undisturbed = engine.store.runLog.read(runId);
    const expected = resultsOf(undisturbed);
    expect(ending(undisturbed)).toMatchObject({ outcome: "unverified", ...used });
    expect(read()).toEqual(lines);
    await engine.close();
    expect(last).toBeGreaterThan(25);

    // The lease of the process that is gone has run out by then, and not so long ago that a clock
    // must have been set.
    const laterOn = systemClock.now() + 20_000;
    let undisturbedEnds = 0;
    for (let seq = 3; seq <= last; seq += 1) {
      rmSync(folder, { recursive: true });
      cpSync(join(images, String(seq)), folder, { recursive: true });
      const ahead = laterOn - systemClock.now();
      const clock = { ...systemClock, now: () => systemClock.now() + ahead };
      const later = createEngine(config, { ...host, clock });
      const cutOff = inFlight(later.store.runLog.read(runId));
      await later.runs.resume(runId);
      const log = later.store.runLog.read(runId);
      await later.close();
      expect({ seq, ...ending(log) }).toEqual({ seq, ...ending(undisturbed) });
      const others = [...resultsOf(log)].filter(([name, text]) => expected.get(name) !== text);
      expect(others.filter(([name]) => !cutOff.has(name))).toEqual([]);
      for (const [, text] of others) expect(text).toContain("boundary.outcome_unknown");
      if (others.length === 0) undisturbedEnds += 1;
      // Nothing is written twice, and what is said to be written is.
      const written = read();
      expect(new Set(written).size).toBe(written.length);
      expect(written.length).toBeGreaterThanOrEqual(lines.length - others.length);
    }
    // Most of the time nothing was in flight.
    expect(undisturbedEnds).toBeGreaterThan(last / 2);
  },
  60_000,
);

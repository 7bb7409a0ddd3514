import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { handTo, runTeam } from "../support/team.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(settings: Readonly<Record<string, JsonValue>> = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  closing.push(() => made.engine.close());
  return made;
}

const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });
const linesOf = (folder: string) =>
  readFileSync(join(folder, "notes.txt"), "utf8").trim().split("\n");
const lead = { agents: ["writer", "reader"] };

describe("an agent that hands work to others", () => {
  test("gets their last words, how they ended and what they cost, in the order of its calls", async () => {
    const made = opened();
    const { outcome, events } = await runTeam(made, {
      agents: { lead, writer: {}, reader: {} },
      turns: [
        { tool_calls: [handTo("writer"), handTo("reader")] },
        { text: "Both have reported." },
      ],
      says: {
        writer: [{ tool_calls: [append("written")] }, { text: "I wrote it." }],
        reader: [{ text: "I read it." }],
      },
    });
    expect(outcome).toBe("unverified");
    expect(linesOf(made.folder)).toEqual(["written"]);
    expect(
      eventsOf(events, "agent.started").map(({ agentPath, agent }) => [agentPath, agent]),
    ).toEqual([
      ["1.0", "writer@1"],
      ["1.1", "reader@1"],
    ]);
    const results = eventsOf(events, "tool.completed").filter(
      ({ toolName }) => toolName === "delegate",
    );
    expect(results.toSorted((left, right) => left.index - right.index)).toMatchObject([
      {
        isError: false,
        content: expect.stringMatching(
          /^I wrote it\.\n\n\[The end of writer@1: it was done\. 2 turns, 1 tool calls, \d+ tokens, /,
        ),
        decision: { effect: "allow" },
      },
      { isError: false, content: expect.stringContaining("I read it.") },
    ]);
    expect(events.at(-1)).toMatchObject({ summary: "Both have reported.", totals: { turns: 5 } });
  });
});

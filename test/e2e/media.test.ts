import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { fromOutside } from "../../src/base/outside.ts";
import { httpPeer } from "../connectors/http-peer.ts";
import { freshFolder } from "../support/cli.ts";
import { eventsOf, testEngine } from "../support/engine.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

test("an agent can have a picture of its workspace described, and none of the engine's own files", async () => {
  const seen = {
    choices: [{ message: { content: "A cat." } }],
    usage: { total_tokens: 9 },
  };
  const server = await httpPeer(() => ({ body: JSON.stringify(seen) }));
  closing.push(() => server.close());
  const folder = freshFolder();
  writeFileSync(join(folder, "cat.gif"), "GIF89a...");
  const eyes = { kind: "vision", baseUrl: `${server.url}/v1`, model: "sees-1" };
  const made = testEngine({ connectors: { eyes } }, folder);
  closing.push(() => made.engine.close());
  const describe = (path: string) => ({ name: "eyes__describe", arguments: { path } });
  const { events } = await made.run([
    { tool_calls: [describe("cat.gif")] },
    { tool_calls: [describe(".agent33/agent33.db")] },
    { text: "Done." },
  ]);
  expect(eventsOf(events, "tool.completed")).toMatchObject([
    { isError: false, content: fromOutside(['seen in: "cat.gif"'], "A cat.") },
    { isError: true, content: expect.stringContaining("AGENT-33 keeps its own files there") },
  ]);
  expect(server.seen).toBe(1);
});

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { StoredEvent } from "../../src/events/event.ts";
import { type EffectsPeer, effectsTools, startEffectsPeer } from "../support/effects-peer.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("serves the runs' tools", { connect: loopback });

let peer: EffectsPeer | undefined;
const engines: TestEngine[] = [];
afterEach(async () => {
  for (const { engine } of engines.splice(0)) await engine.close();
  await peer?.close();
});

interface Seen {
  onLook?(): void | Promise<void>;
  onEffect?(): void;
}

/** An engine at work, and another process's look at its run. */
async function working(seen: Seen) {
  const folder = temporaryFolder("begun");
  peer = await startEffectsPeer(
    join(folder, "state.txt"),
    () => seen.onLook?.(),
    () => seen.onEffect?.(),
  );
  const mcpServers = { peer: { type: "http", url: peer.url, tools: effectsTools } };
  const at = (): TestEngine => {
    const made = testEngine({ mcpServers }, folder);
    engines.push(made);
    return made;
  };
  const [made, other] = [at(), at()];
  const call = (name: string) => ({ tool_calls: [{ name, arguments: { what: "it" } }] });
  const model = (name: string) => made.script([call(name), { text: "Done." }]);
  const create = (name: string) =>
    made.engine.runs.create({
      task: { kind: "text", text: "Do it.", workspace: folder },
      model: model(name),
      effort: undefined,
      mcpCommands: [],
    });
  const log = (runId: string): readonly StoredEvent[] => other.engine.store.runLog.read(runId);
  return { engine: made.engine, create, log };
}

const types = (events: readonly StoredEvent[]): readonly string[] =>
  events
    .map(({ type }) => type)
    .filter((type) => type.startsWith("turn.") || type.startsWith("tool."));

describe("that something has begun", () => {
  const whole = ["turn.started", "turn.completed", "tool.started", "tool.completed"];

  test("is in the log of a call that takes a moment, for every process", async () => {
    let during: readonly string[] = [];
    const seen: Seen = {};
    const { engine, create, log } = await working(seen);
    const runId = await create("peer__look");
    seen.onLook = async () => {
      for (let tries = 0; tries < 100 && during.at(-1) !== "tool.started"; tries += 1) {
        await delay(20);
        during = types(log(runId));
      }
    };
    await engine.runs.drive(runId);
    expect(during).toEqual(whole.slice(0, 3));
    expect(types(log(runId)).slice(0, 4)).toEqual(whole);
  });

  test("is heard at once by who follows the run", async () => {
    let during: readonly string[] = [];
    const heard: StoredEvent[] = [];
    const seen: Seen = {};
    const { engine, create, log } = await working(seen);
    const runId = await create("peer__look");
    seen.onLook = () => {
      during = types(heard);
    };
    engine.runs.follow(runId, (event) => {
      if ("seq" in event) heard.push(event);
    });
    await engine.runs.drive(runId);
    expect(during).toEqual(whole.slice(0, 3));
    expect(heard).toEqual(log(runId).slice(-heard.length));
  });

  test("is in the log before anything is sent that may change something", async () => {
    let during: readonly string[] = [];
    const seen: Seen = {};
    const { engine, create, log } = await working(seen);
    const runId = await create("peer__ring");
    seen.onEffect = () => {
      during = types(log(runId));
    };
    await engine.runs.drive(runId);
    expect(during).toEqual(whole.slice(0, 3));
  });

  test("has the time at which it did, whenever that is written", async () => {
    const seen: Seen = { onLook: () => delay(60) };
    const { engine, create, log } = await working(seen);
    const runId = await create("peer__look");
    await engine.runs.drive(runId);
    const events = log(runId);
    const [started] = eventsOf(events, "tool.started");
    const [ended] = eventsOf(events, "tool.completed");
    expect((ended?.at ?? 0) - (started?.at ?? 0)).toBeGreaterThanOrEqual(50);
    expect(events.map(({ at }) => at)).toEqual(
      events.map(({ at }) => at).toSorted((one, other) => one - other),
    );
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
  });
});

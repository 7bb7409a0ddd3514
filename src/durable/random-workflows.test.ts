import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Repeat } from "../base/effect.ts";
import type { JsonValue } from "../base/json.ts";
import { type SpyActivity, spy, workflow } from "./conformance/harness.ts";
import type { WorkflowContext } from "./contract.ts";
import { sqliteHarness } from "./sqlite-harness.fixture.ts";

/** A call, a group of branches that run in parallel, or a stretch of a sequence. */
type Plan =
  | {
      readonly kind: "call";
      readonly repeat: Repeat;
      readonly turns: number;
      readonly fails: boolean;
    }
  | { readonly kind: "parallel"; readonly branches: readonly Plan[] }
  | { readonly kind: "sequence"; readonly parts: readonly Plan[] };

const call = fc.record({
  kind: fc.constant("call" as const),
  repeat: fc.constantFrom<Repeat>("safe", "keyed", "once"),
  /** Turns of the event loop that the body takes. */
  turns: fc.integer({ min: 0, max: 3 }),
  fails: fc.boolean(),
});
const plan: fc.Arbitrary<Plan> = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.oneof(
    { depthSize: "large", maxDepth: 3, withCrossShrink: true },
    call,
    fc.record({
      kind: fc.constant("parallel" as const),
      branches: fc.array(tie("plan"), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("sequence" as const),
      parts: fc.array(tie("plan"), { minLength: 1, maxLength: 4 }),
    }),
  ),
})).plan;
/** Several parts at the top, so that there is something to interrupt. */
const wholePlan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constant("sequence" as const),
  parts: fc.array(plan, { minLength: 2, maxLength: 5 }),
});
const deaths = fc.array(
  fc.record({
    transaction: fc.integer({ min: 2, max: 20 }),
    when: fc.constantFrom("before" as const, "after" as const),
  }),
  { maxLength: 4 },
);

/** Counts bodies by key over all processes, as the world outside would. */
interface World {
  readonly activities: readonly SpyActivity[];
  readonly bodies: Map<string, number>;
}

function makeWorld(): World {
  const bodies = new Map<string, number>();
  const body = async (input: JsonValue, { key }: { readonly key: string }): Promise<JsonValue> => {
    const { path, turns, fails } = input as { path: string; turns: number; fails: boolean };
    bodies.set(key, (bodies.get(key) ?? 0) + 1);
    for (let turn = 0; turn < turns; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    if (fails) throw new Error(`failed ${path}`);
    return `done ${path}`;
  };
  const activities = (["safe", "keyed", "once"] as const).map((repeat) =>
    spy(repeat, body, repeat),
  );
  return { activities, bodies };
}

async function perform(
  world: World,
  context: WorkflowContext,
  part: Plan,
  path: string,
): Promise<JsonValue> {
  if (part.kind === "call") {
    const activity = world.activities.find(({ name }) => name === part.repeat)!;
    const input = { path, turns: part.turns, fails: part.fails };
    return context.call(activity, input).catch((error: Error) => `caught ${error.message}`);
  }
  if (part.kind === "parallel") {
    const branches = part.branches.map((one, at) => perform(world, context, one, `${path}.${at}`));
    return Promise.all(branches);
  }
  const results: JsonValue[] = [];
  for (const [at, one] of part.parts.entries()) {
    results.push(await perform(world, context, one, `${path}.${at}`));
  }
  return results;
}

/** What each place of the plan must have given; an interrupted `once` body may be unknown. */
function expectResult(part: Plan, path: string, result: JsonValue): void {
  if (part.kind === "call") {
    const regular = part.fails ? `caught failed ${path}` : `done ${path}`;
    const unknown = typeof result === "string" && result.startsWith("unknown:");
    if (!(part.repeat === "once" && unknown)) expect(result).toBe(regular);
    return;
  }
  const parts = part.kind === "parallel" ? part.branches : part.parts;
  for (const [at, one] of parts.entries()) {
    expectResult(one, `${path}.${at}`, (result as JsonValue[])[at] ?? null);
  }
}

test("any workflow, killed at any writes, ends with the same result and no once body runs twice", async () => {
  const harness = sqliteHarness();
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(wholePlan, deaths, async (part, killed) => {
        run += 1;
        const runId = `run-${run}`;
        const world = makeWorld();
        const test = workflow((context) => perform(world, context, part, "p"));
        harness.instance([]).durable.start(test, runId, null);
        let deathsMet = 0;
        // How often each body had run when its end was first seen in the journal.
        const recorded = new Map<string, number>();
        for (const death of killed) {
          const { durable } = harness.mortal([test], death);
          try {
            await durable.execute(runId);
          } catch (error) {
            expect(String(error)).toContain("this process is dead");
            deathsMet += 1;
          }
          harness.advance(harness.leaseMs + 1);
          for (const key of harness.finishedKeys(runId)) {
            if (!recorded.has(key)) recorded.set(key, world.bodies.get(key) ?? 0);
          }
        }
        const status = await harness.instance([test]).durable.execute(runId);
        expect(status.state).toBe("completed");
        expectResult(part, "p", status.result);
        for (const [key, count] of recorded) expect(world.bodies.get(key) ?? 0).toBe(count);
        const [, , once] = world.activities;
        for (const [key, count] of world.bodies) {
          expect(count).toBeLessThanOrEqual(once!.started.includes(key) ? 1 : deathsMet + 1);
        }
      }),
      { numRuns: 100 },
    );
  } finally {
    await harness.dispose();
  }
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { efforts } from "../../base/effect.ts";
import { skillArms } from "../attempts/attempt.ts";
import type { AgentSpec } from "./job-config.ts";
import { agentKey, cellsOf, planTrials } from "./matrix.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/);
const agent: fc.Arbitrary<AgentSpec> = fc.oneof(
  fc.constant({ kind: "oracle" as const }),
  fc.constant({ kind: "nop" as const }),
  word.map((name) => ({ kind: "agent33" as const, agent: name })),
  word.map((name) => ({ kind: "command" as const, name, line: "true" })),
);
const matrix = fc.record({
  id: fc.uuid(),
  agents: fc.uniqueArray(agent, { minLength: 1, maxLength: 4, selector: agentKey }),
  models: fc.uniqueArray(word, { maxLength: 3 }),
  efforts: fc.uniqueArray(fc.constantFrom(...efforts), { maxLength: 3 }),
  skills: fc.uniqueArray(fc.constantFrom(...skillArms), { minLength: 1, maxLength: 4 }),
  trials: fc.integer({ min: 1, max: 4 }),
});
const tasks = fc.uniqueArray(word, { minLength: 1, maxLength: 5 });

describe("the plan of a job", () => {
  test("has every cell of the matrix for every task, as often as was asked for, each once", () => {
    fc.assert(
      fc.property(matrix, tasks, (config, names) => {
        const planned = planTrials(config, names);
        const agents = config.agents.filter(({ kind }) => kind !== "oracle" && kind !== "nop");
        const cells =
          config.agents.length -
          agents.length +
          agents.length *
            Math.max(1, config.models.length) *
            Math.max(1, config.efforts.length) *
            config.skills.length;
        expect(cellsOf(config)).toHaveLength(cells);
        expect(planned).toHaveLength(cells * names.length * config.trials);
        const what = planned.map(({ task, cell, repetition }) =>
          JSON.stringify([task, cell, repetition]),
        );
        expect(new Set(what).size).toBe(planned.length);
        expect(new Set(planned.map(({ name }) => name)).size).toBe(planned.length);
        expect(new Set(planned.map(({ id }) => id)).size).toBe(planned.length);
      }),
    );
  });

  test("is the same whenever it is made, and has names that a folder can have", () => {
    fc.assert(
      fc.property(matrix, tasks, (config, names) => {
        const planned = planTrials(config, names);
        expect(planTrials(structuredClone(config), [...names])).toEqual(planned);
        for (const { name, id, task } of planned) {
          expect(name).toMatch(/^.{1,32}__[0-9a-z]{7}$/);
          expect(name.startsWith(task.slice(0, 32))).toBe(true);
          expect(id).toMatch(
            /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
          );
        }
      }),
    );
  });

  test("names a trial by what it is, whatever else the job has", () => {
    fc.assert(
      fc.property(matrix, tasks, (config, names) => {
        const whole = new Map(
          planTrials(config, names).map((one) => [
            JSON.stringify([one.task, one.cell, one.repetition]),
            one.name,
          ]),
        );
        const fewer = planTrials({ ...config, trials: 1 }, names.slice(0, 1));
        for (const one of fewer) {
          expect(whole.get(JSON.stringify([one.task, one.cell, one.repetition]))).toBe(one.name);
        }
      }),
    );
  });

  test("comes to every task before any comes again", () => {
    const planned = planTrials(
      {
        id: "a",
        agents: [{ kind: "oracle" }],
        models: [],
        efforts: [],
        skills: ["none"],
        trials: 2,
      },
      ["x", "y"],
    );
    expect(planned.map(({ task, repetition }) => `${task}${repetition}`)).toEqual([
      "x1",
      "y1",
      "x2",
      "y2",
    ]);
  });

  test("gives other jobs other ids under the same names", () => {
    const of = (id: string) =>
      planTrials(
        { id, agents: [{ kind: "nop" }], models: [], efforts: [], skills: ["none"], trials: 1 },
        ["x"],
      )[0];
    expect(of("a")?.name).toBe(of("b")?.name);
    expect(of("a")?.id).not.toBe(of("b")?.id);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allowsNextStep, taskRewards } from "./step-reward.ts";
import type { Task, TaskStep } from "./task.ts";

const step = (minReward: TaskStep["minReward"]) => ({ minReward }) as TaskStep;
const counting = (stepReward: Task["stepReward"], steps = 3) =>
  ({ stepReward, steps: Array.from({ length: steps }) }) as unknown as Task;

describe("whether the next step may begin", () => {
  test.each([
    [undefined, {}, true],
    [{ reward: 0.5 }, { reward: 0.5 }, true],
    [{ reward: 0.5 }, { reward: 0.4 }, false],
    [{ reward: 0 }, {}, false],
    [{ reward: 0.5, style: 1 }, { reward: 1, style: 0.9 }, false],
    [{ style: 1 }, { reward: 0, style: 1 }, true],
  ])("with at least %j and a worth of %j: %j", (least, rewards, expected) => {
    expect(allowsNextStep(step(least), rewards)).toBe(expected);
  });
});

describe("what a task of steps is worth", () => {
  const judged = [{ reward: 1, style: 0.5 }, { reward: 0 }, { reward: 0.5, speed: 3 }];

  test("is the mean for each name, a missing one counting as 0", () => {
    expect(taskRewards(counting("mean"), judged)).toEqual({ reward: 0.5, style: 1 / 6, speed: 1 });
  });

  test("is the last one's where the task says so", () => {
    expect(taskRewards(counting("final"), judged)).toEqual({ reward: 0.5, speed: 3 });
  });

  test("is less than whole where a step was never begun, however good the others were", () => {
    const good = [{ reward: 1, style: 0.5 }, { reward: 1 }];
    expect(taskRewards(counting("mean"), good)).toEqual({ reward: 2 / 3, style: 0.5 / 3 });
    expect(taskRewards(counting("final"), good)).toEqual({ reward: 0, style: 0 });
  });

  test("is nothing where no step was judged", () => {
    expect(taskRewards(counting("mean"), [])).toEqual({});
    expect(taskRewards(counting("final"), [])).toEqual({});
  });

  test("is the worth itself where the task is one step, and never beyond its steps", () => {
    const rewards = fc.dictionary(
      fc.constantFrom("reward", "a"),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(rewards, { minLength: 1 }), (list) => {
        const [first = {}] = list;
        expect(taskRewards(counting("mean", 1), [first])).toEqual({ ...first });
        const worth = taskRewards(counting("mean", list.length), list)["reward"] ?? 0;
        expect(worth).toBeGreaterThanOrEqual(0);
        expect(worth).toBeLessThanOrEqual(
          Math.max(...list.map((one) => one["reward"] ?? 0)) + 1e-9,
        );
      }),
    );
  });
});

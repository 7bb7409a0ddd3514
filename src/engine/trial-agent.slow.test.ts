import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { grantTests } from "../../test/support/egress.ts";
import { type ScriptedTurn, testEngine, type TestEngine } from "../../test/support/engine.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { systemClock } from "../base/clock.ts";
import { Agent33Error } from "../base/errors.ts";
import { createEngine } from "../engine.ts";
import type { AttemptRequest, SkillArm } from "../evaluation/attempts/attempt.ts";
import { createHostDriver } from "../evaluation/environments/host/driver.ts";
import type { EventOf } from "../events/event.ts";
import { loadTask } from "../evaluation/tasks/load-task.ts";
import { createBwrapSandbox } from "../sandbox/bwrap.ts";
import { createProcesses } from "../sandbox/process.ts";

grantTests("runs trials", { spawn: true });

const processes = createProcesses();
const path = [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
const driver = createHostDriver({
  spawn: processes.spawn,
  clock: systemClock,
  env: { PATH: path },
});
const never = new AbortController().signal;

let root: string;
let on: TestEngine;
beforeEach(() => {
  root = temporaryFolder("trial");
  writeSkill("library/stamps", "stamps", "How letters are stamped.");
  writeSkill("library/filing", "filing", "How bills and letters are filed in drawers.");
  on = testEngine({ "skills.folders": [join(root, "library")] });
});
afterEach(async () => {
  await on.engine.close();
});

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

function writeSkill(folder: string, name: string, description: string): void {
  write(
    `${folder}/SKILL.md`,
    `---\nname: ${name}\ndescription: ${description}\n---\nAs it says.\n`,
  );
}

/** A task with a skill and hidden tests, in an environment of its own. */
async function request(
  turns: readonly ScriptedTurn[],
  more: Partial<AttemptRequest> = {},
): Promise<AttemptRequest> {
  write("task/task.toml", "");
  write("task/instruction.md", "File the letter in its drawer.");
  write("task/environment/Dockerfile", "FROM x\nWORKDIR /app\nENV DRAWER=three\n");
  writeSkill("task/environment/skills/drawers", "drawers", "Which drawer there is.");
  write("task/tests/test.sh", "echo 1 > $AGENT33_LOGS_DIR/reward.txt\n");
  const task = await loadTask(join(root, "task"));
  const prepared = await driver.prepare(task, never);
  const place = { dir: join(root, "place"), withSkills: false, signal: never };
  return {
    task,
    instruction: task.steps[0].instruction,
    solution: undefined,
    environment: await prepared.start(place),
    model: on.script(turns),
    effort: undefined,
    skills: "none",
    repetition: 1,
    logs: join(root, "logs"),
    timeoutMs: 60_000,
    signal: never,
    ...more,
  };
}

const command = (line: string): ScriptedTurn => ({
  tool_calls: [{ name: "run_command", arguments: { command: line } }],
});
const done: ScriptedTurn = { text: "Done." };

/** Says which skills fit, where it is asked. */
const choosy = stringify({
  name: "choosy",
  turns: [done],
  matching: [
    { text: JSON.stringify({ keep: ["filing"] }) },
    {
      text: JSON.stringify({ verdicts: [{ name: "filing", verdict: "keep", reason: "It fits." }] }),
    },
  ],
});

function eventsOf(runId: string | undefined) {
  return on.engine.store.runLog.read(runId ?? "");
}

function runs() {
  return on.engine.store.runs.list().items;
}

describe("an agent of this engine in a trial", () => {
  test("works in the environment without a question, and leaves its log as a trajectory too", async () => {
    const asked = await request([command('echo "$DRAWER" > drawer.txt'), done]);
    const agent = on.engine.trialAgent(undefined);
    const result = await agent.work(asked);
    expect(result.error).toBeUndefined();
    expect(result.tokens?.output).toBeGreaterThan(0);
    expect(agent.digests["agent"]).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(join(root, "place/workspace/drawer.txt"), "utf8")).toBe("three\n");
    expect(result.artefacts.map(({ path: name }) => name)).toEqual([
      "trajectory.json",
      "events.jsonl",
    ]);
    const trajectory: unknown = JSON.parse(
      readFileSync(join(root, "logs/trajectory.json"), "utf8"),
    );
    expect(trajectory).toMatchObject({ schema_version: "ATIF-v1.7", session_id: result.runId });
    const types = eventsOf(result.runId).map(({ type }) => type);
    expect(types).not.toContain("verification.completed");
    const kept = readFileSync(join(root, "logs/events.jsonl"), "utf8").trim().split("\n");
    expect(kept).toHaveLength(types.length);
    expect(runs()[0]).toMatchObject({ task: "task, trial 1", outcome: "unverified" });
  });

  test("runs its commands and its checks in the sandbox of an environment that has one", async () => {
    const workspace = join(root, "inside");
    mkdirSync(workspace);
    const sandbox = createBwrapSandbox({
      spawn: processes.spawn,
      clock: systemClock,
      command: "/usr/bin/bwrap",
    });
    const asked = await request([command("pwd > place.txt"), done]);
    const checked: string[] = [];
    const environment = {
      ...asked.environment,
      kind: "bwrap" as const,
      workdir: workspace,
      sandbox,
      run: async (what: Parameters<typeof asked.environment.run>[0]) => {
        checked.push(what.command.join(" "));
        return asked.environment.run({ ...what, cwd: workspace });
      },
    };
    write(
      "clerk.yaml",
      'name: clerk\nversion: "1.0.0"\nrole: You file.\ninstructions: File.\ncompletion: { checks: [{ command: test -s place.txt }] }\n',
    );
    const agent = on.engine.trialAgent(join(root, "clerk.yaml"));
    const result = await agent.work({ ...asked, environment });
    expect(result.error).toBeUndefined();
    expect(readFileSync(join(workspace, "place.txt"), "utf8")).toBe(`${workspace}\n`);
    expect(checked).toHaveLength(1);
    expect(checked[0]).toContain("test -s place.txt");
    expect(existsSync(join(root, "place/workspace/place.txt"))).toBe(false);
  });

  test("has the skills of its arm and no others", async () => {
    write("choosy.yaml", choosy);
    const seen: Record<string, readonly string[]> = {};
    for (const skills of ["none", "own", "matched", "library"] satisfies SkillArm[]) {
      const { runId } = await on.engine
        .trialAgent(undefined)
        .work(await request([], { skills, model: `scripted:${join(root, "choosy.yaml")}` }));
      const opened = eventsOf(runId).find(
        (event): event is EventOf<"session.opened"> => event.type === "session.opened",
      );
      seen[skills] = opened?.skills.map(({ name }) => name) ?? [];
    }
    expect(seen).toEqual({
      none: [],
      own: ["drawers"],
      matched: ["filing"],
      library: ["filing", "stamps"],
    });
  });

  test("says what its script says for its repetition, from the task's own folder", async () => {
    write(
      "task/turns.yaml",
      "name: clerk\nturns: [{ text: usual }]\ncases: [{ when: { repetitions: [2] }, turns: [{ text: second }] }]\n",
    );
    const said: unknown[] = [];
    for (const repetition of [1, 2]) {
      const asked = await request([], { model: "scripted:{task}/turns.yaml", repetition });
      const { runId } = await on.engine.trialAgent(undefined).work(asked);
      const finished = eventsOf(runId).at(-1);
      said.push(finished?.type === "run.finished" ? finished.summary : undefined);
    }
    expect(said).toEqual(["usual", "second"]);
  });

  test("is cancelled when its time is over, and what it left stays", async () => {
    const asked = await request([command("echo half > half.txt; sleep 60"), done], {
      timeoutMs: 1_500,
    });
    const result = await on.engine.trialAgent(undefined).work(asked);
    expect(result.error?.code).toBe("evaluation.agent_timeout");
    expect(runs()[0]?.outcome).toBe("cancelled");
    expect(eventsOf(result.runId).at(-1)).toMatchObject({ stop: { reason: "cancelled" } });
    expect(eventsOf(result.runId).at(-1)).not.toHaveProperty("stop.abandoned");
    expect(readFileSync(join(root, "place/workspace/half.txt"), "utf8")).toBe("half\n");
  });

  test("is ended when it uses more than it may", async () => {
    const over = new AbortController();
    const asked = await request([command("sleep 60"), done]);
    const environment = { ...asked.environment, overrun: over.signal };
    const working = on.engine.trialAgent(undefined).work({ ...asked, environment });
    over.abort(new Agent33Error("evaluation.storage_exceeded", "Too much."));
    expect((await working).error?.code).toBe("evaluation.storage_exceeded");
  });

  test("has no result when the trial is cancelled or its model cannot be asked", async () => {
    const stop = new AbortController();
    const asked = await request([command("sleep 60"), done], { signal: stop.signal });
    const working = on.engine.trialAgent(undefined).work(asked);
    stop.abort();
    await expect(working).rejects.toMatchObject({ code: "evaluation.trial_cancelled" });
    const mute = on.engine.trialAgent(undefined).work(await request([command("true")]));
    await expect(mute).rejects.toMatchObject({ code: "boundary.upstream_4xx" });
  });

  test("shares the budgets of its tenant with all other trials", async () => {
    await on.engine.close();
    on = testEngine({ budgets: { few: { per: "tenant", period: "month", maxCalls: 3 } } });
    const agent = on.engine.trialAgent(undefined);
    expect((await agent.work(await request([done]))).error).toBeUndefined();
    await expect(agent.work(await request([command("true"), done]))).rejects.toMatchObject({
      code: "boundary.budget_exceeded",
    });
  });

  test("has no result when the policy asks a person about its calls", async () => {
    const folder = temporaryFolder("asking");
    write(
      "asks.yaml",
      'pack: asks\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - { id: a, ask: { connector: "shell:*" }, reason: r }\n',
    );
    await on.engine.close();
    on = testEngine(
      { "policy.packs": ["asks"], "policy.files": [join(root, "asks.yaml")] },
      folder,
    );
    const working = on.engine.trialAgent(undefined).work(await request([command("true"), done]));
    await expect(working).rejects.toMatchObject({ code: "evaluation.agent_parked" });
    expect(runs()[0]).toMatchObject({ state: "finished", outcome: "cancelled" });
  });

  test("that was killed is taken up by nobody, and closed when its trial begins anew", async () => {
    // A process of that number cannot be: Linux counts to 4,194,304.
    const dying = createEngine(on.config, { ...on.host, pid: 5_000_000 });
    const asked = await request([command("sleep 60"), done]);
    const killed = dying.trialAgent(undefined).work(asked);
    const gone = expect(killed).rejects.toMatchObject({ code: "engine.run_lost" });
    await expect
      .poll(() => on.engine.store.runs.list().items[0]?.id, { timeout: 5_000 })
      .toBeTruthy();
    const [old] = runs();
    await expect
      .poll(() => eventsOf(old?.id).some(({ type }) => type === "tool.started"), {
        timeout: 10_000,
      })
      .toBe(true);
    await dying.close();
    await gone;
    const id = old?.id ?? "";
    await expect(on.engine.runs.resume(id)).rejects.toMatchObject({ code: "engine.trial_gone" });
    const taken: unknown[] = [];
    await on.engine.runs.work({ untilIdle: true, told: (news) => taken.push(news) });
    expect(taken).toEqual([]);
    await on.engine.trialAgent(undefined).work(await request([done]));
    expect(on.engine.store.runs.get(id)).toMatchObject({ state: "finished", outcome: "cancelled" });
    expect(eventsOf(id).at(-1)).toMatchObject({ stop: { reason: "cancelled", abandoned: true } });
    expect(runs()).toHaveLength(2);
    await expect(on.engine.runs.createReplay(id)).rejects.toMatchObject({
      code: "engine.trial_gone",
    });
  });
});

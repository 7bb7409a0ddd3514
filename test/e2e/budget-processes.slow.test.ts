import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { seededRandom } from "../../src/base/random.ts";
import { loadTokenCounter } from "../../src/models/tokens.ts";
import { freshFolder, runInProcess, startCli } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";
import {
  type Behaviour,
  type RecordedRequest,
  startOpenAiServer,
} from "../support/openai-server.ts";

grantTests("a model server of this test", { connect: loopback });

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Millionths of a US dollar for a token; a budget of half a dollar. */
const price = { input: 2, output: 20 };
const budgetMicroUsd = 500_000;
const answerMs = 400;

/** What the provider itself counts, whoever is there to hear the answer. */
interface Bill {
  microUsd: number;
  answers: number;
  lost: number;
  readonly times: number[];
}

/** A provider that bills each request that it takes, also where the answer is then lost. */
async function startProvider() {
  const tokens = await loadTokenCounter();
  const random = seededRandom(33);
  const bill: Bill = { microUsd: 0, answers: 0, lost: 0, times: [] };
  const answer = (request: RecordedRequest): Behaviour => {
    const { messages } = request.body;
    const most = Number(request.body["max_tokens"] ?? request.body["max_completion_tokens"]);
    const asked = JSON.stringify([messages, request.body["tools"] ?? []]);
    const promptTokens = tokens.text(asked);
    const completionTokens = Math.ceil(most * (0.3 + 0.7 * random.next()));
    bill.microUsd += promptTokens * price.input + completionTokens * price.output;
    bill.times.push(performance.now());
    bill.answers += 1;
    if (bill.answers % 9 === 0) {
      bill.lost += 1;
      return { kind: "broken", after: "headers" };
    }
    const turn = messages.filter(({ role }) => role === "assistant").length;
    const usage = { promptTokens, completionTokens };
    const common = { kind: "turn", usage, pauseMs: answerMs } as const;
    if (asked.includes("You plan.")) {
      const place = [0, 1, 2, 3];
      return { ...common, toolCalls: place.map((index) => handOver(turn, index)) };
    }
    return turn < 2
      ? { ...common, toolCalls: [noteDown(turn, bill.answers)] }
      : { ...common, text: "I have written." };
  };
  const server = await startOpenAiServer(answer);
  closing.push(() => server.close());
  return { bill, baseUrl: server.baseUrl };
}

const handOver = (turn: number, index: number) => ({
  id: `c${turn}-${index}`,
  name: "delegate",
  argumentsText: JSON.stringify({ agent: "writer", task: `Part ${turn} ${index}.` }),
});
const noteDown = (turn: number, mark: number) => ({
  id: `n${turn}-${mark}`,
  name: "append_line",
  argumentsText: JSON.stringify({ path: `notes-${mark % 7}.txt`, line: `${mark}` }),
});

function writeFolder(baseUrl: string): string {
  const folder = freshFolder();
  mkdirSync(join(folder, "agents"));
  const agents = { lead: ["You plan.", ["writer"]], writer: ["You write.", []] } as const;
  for (const [name, [role, below]] of Object.entries(agents)) {
    const definition = { name, version: "1", role, instructions: role, agents: below };
    writeFileSync(join(folder, "agents", `${name}.yaml`), stringify(definition));
  }
  writeFileSync(
    join(folder, "agent33.config.yaml"),
    stringify({
      model: "openai-compatible:tiny",
      baseUrl,
      prices: {
        tiny: { inputPerMillionUsd: price.input, outputPerMillionUsd: price.output },
      },
      budgets: { half: { per: "tenant", period: "month", maxCostMicroUsd: budgetMicroUsd } },
      routing: { enabled: true, tiers: { low: { maxOutputTokens: 300 } } },
      limits: { maxSubagents: 400, maxSteps: 200, maxTokens: 50_000_000 },
    }),
  );
  return folder;
}

/** The most requests that were answered at the same time. */
function mostAtOnce(times: readonly number[]): number {
  return Math.max(
    ...times.map((time) => times.filter((one) => one <= time && one > time - answerMs).length),
  );
}

test("half a dollar is not passed by twenty agents in two processes, one of them killed", async () => {
  const { bill, baseUrl } = await startProvider();
  const folder = writeFolder(baseUrl);
  for (let run = 0; run < 5; run += 1) {
    const words = ["run", "Do it.", "--agent", "lead", "--workspace", folder, "--effort", "low"];
    const queued = await runInProcess([...words, "--queue"], folder);
    expect(queued.code).toBe(0);
  }
  const work = ["work", "--concurrency", "3", "--until-idle"];
  const killed = startCli(work, { cwd: folder });
  const other = startCli(work, { cwd: folder });
  while (bill.microUsd < budgetMicroUsd * 0.4) await delay(20);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const third = startCli(work, { cwd: folder });
  await Promise.all([other.ended, third.ended]);

  const runs = await runInProcess(["runs", "list", "--json"], folder);
  const items: { id: string; outcome: string }[] = JSON.parse(runs.stdout).items;
  const agents: string[] = [];
  const reached: number[] = [];
  for (const { id } of items) {
    const log = await runInProcess(["runs", "show", id, "--json"], folder);
    for (const line of log.stdout.trim().split("\n")) {
      const event = JSON.parse(line);
      if (event.type === "agent.started") agents.push(`${id} ${event.agentPath}`);
      if (event.type === "budget.reached") reached.push(event.percent);
    }
  }
  const budgets = await runInProcess(["budgets", "list", "--json"], folder);
  const [{ used }] = JSON.parse(budgets.stdout).items;
  const { microUsd, answers, lost, times } = bill;
  const figures = { microUsd, answers, lost, agents: agents.length, used, reached };
  process.stdout.write(`${JSON.stringify({ ...figures, mostAtOnce: mostAtOnce(times) })}\n`);
  // The provider is the judge: every token that it counted, whether or not anybody heard of it.
  expect(bill.microUsd).toBeLessThanOrEqual(budgetMicroUsd);
  // What the budget says is no less, and it was the budget that ended the work.
  expect(used.costMicroUsd).toBeGreaterThanOrEqual(bill.microUsd);
  expect(bill.microUsd).toBeGreaterThan(budgetMicroUsd * 0.6);
  expect(bill.lost).toBeGreaterThan(3);
  expect(agents.length).toBeGreaterThanOrEqual(20);
  expect(mostAtOnce(bill.times)).toBeGreaterThanOrEqual(8);
  expect(items).toHaveLength(5);
  expect(items.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => "failed"));
  // Each share once, over all three processes.
  expect(new Set(reached).size).toBe(reached.length);
  expect(reached).toEqual(expect.arrayContaining([50, 80]));
}, 120_000);

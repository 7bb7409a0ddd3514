import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { createClient, type Client } from "../../client/index.ts";
import type { JsonValue } from "../../src/base/json.ts";
import type { DashboardWorld } from "./dashboard.ts";
import type { ScriptedTurn } from "./engine.ts";

/** Puts down two models that play scripts. Gives the settings with prices, tiers, budgets and tasks. */
export function figureSettings(folder: string, tasks: string): Readonly<Record<string, JsonValue>> {
  const small = script(folder, "small-writer", answers);
  const careful = script(folder, "careful-writer", answers);
  return {
    prices: {
      "small-writer": { inputPerMillionUsd: 0.25, outputPerMillionUsd: 2 },
      "careful-writer": { inputPerMillionUsd: 3, outputPerMillionUsd: 15 },
    },
    "routing.enabled": true,
    "routing.tiers.low.model": small,
    "routing.tiers.medium.model": careful,
    "routing.tiers.high.model": careful,
    "routing.domains": { law: "high" },
    budgets: {
      "team-month": { per: "tenant", period: "month", maxCostMicroUsd: 2_000_000 },
      "each-day": { per: "user", period: "day", maxTokens: 2_000_000, maxCalls: 400 },
      "each-call": { per: "call", maxCostMicroUsd: 1_000_000 },
    },
    "serve.evaluations.tasks": { tasks },
    "serve.evaluations.jobs": "jobs",
    "serve.evaluations.environment": "host",
  };
}

const answers: readonly ScriptedTurn[] = [
  {
    text: "I look at what is there before I say anything.",
    tool_calls: [
      { name: "update_plan", arguments: { steps: [{ step: "read the ledger", status: "done" }] } },
    ],
  },
  { text: "There is one ledger with two entries; their sum is 19.75." },
];

function script(folder: string, name: string, turns: readonly ScriptedTurn[]): string {
  const path = join(folder, "models", `${name}.yaml`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, stringify({ name, turns }));
  return `scripted:${path}`;
}

/**
 * Makes runs that cost money, what is learned, and a job of trials.
 * @param trials how often each task is tried
 */
export async function furnishFigures(world: DashboardWorld, trials: number): Promise<void> {
  const api = createClient({ baseUrl: world.address, key: world.key });
  const asked = [
    { text: "Say how many entries the ledger has." },
    { text: "Compare the two suppliers' terms, clause by clause.", effort: "medium" as const },
    { text: "Does the contract allow us to assign the claim?", domain: "law" },
    { text: "Which of the invoices of January are not paid yet?" },
    {
      text: "Write the letter to the tax office, with the sums by quarter.",
      effort: "high" as const,
    },
  ];
  for (const { text, ...more } of asked) {
    const task = { kind: "text", text, workspace: join(world.folder, "work") } as const;
    await world.settled(await world.start(text, answers, { task, model: undefined, ...more }));
  }
  await unpriced(world);
  await learned(api);
  given(await api.checkAlerts());
  const body = { name: "first", agents: ["oracle", "nop"], trials };
  given(await api.startEvaluationJob({ body }));
  for (;;) {
    const job = given(await api.showEvaluationJob({ job: "first" }));
    if (job.state !== "running") return;
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Two calls of a model without a known price. */
async function unpriced({ server }: DashboardWorld): Promise<void> {
  const { boundary } = server.engines.own;
  const connector = boundary.connector<string, string, never>({
    id: "model:unlisted",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe", model: "unlisted:new" }),
    run: async ({ input }) => input,
    measure: () => ({ tokens: 120 }),
  });
  for (const words of ["one", "two"]) {
    await connector.call(words, { principal: { tenant: "default", user: "ann" } });
  }
}

async function learned(api: Client): Promise<void> {
  const seen = given(
    await api.recordSignal({
      body: {
        type: "feedback",
        severity: "high",
        summary: "The list of suppliers leaves out those without invoices",
        details: "17 and 23 had no invoice in June and are missing.",
        source: "finance",
        context: { list: "suppliers" },
      },
    }),
  );
  for (let night = 1; night <= 3; night += 1) {
    const summary = `Nightly import took ${40 + night} minutes`;
    given(
      await api.recordSignal({
        body: { type: "performance", severity: "medium", summary, source: "cron" },
      }),
    );
  }
  const intake = given(
    await api.submitIntake({
      body: {
        classification: { researchType: "internal", category: "data", urgency: "high" },
        content: {
          title: "Where the agents' data comes from",
          summary: "Lists are made from invoices, which say who was paid and not who there is.",
        },
      },
    }),
  );
  given(await api.moveIntake({ id: intake.id, body: { state: "triaged", rationale: "Ours." } }));
  given(
    await api.recordLesson({
      body: {
        eventType: "failure",
        title: "A list is made from its master data",
        insight: "Invoices say who was paid, not who there is.",
        actions: [{ description: "Give the agent the contracts.", owner: "ann" }],
        signalIds: [seen.signal.id],
      },
    }),
  );
}

/** The value of an answer. @throws Error where there was a problem */
export function given<T>(
  answer:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly problem: { readonly code: string; readonly detail: string } },
): T {
  if (answer.ok) return answer.value;
  throw new Error(`${answer.problem.code}: ${answer.problem.detail}`);
}

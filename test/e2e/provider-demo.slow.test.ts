import { afterAll, expect, test } from "vitest";
import { readScript } from "../../src/models/scripted.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { freshFolder, startCli } from "../support/cli.ts";
import { dialects, turnsOf, type WireServer, wireServer } from "../support/wire/server.ts";

grantTests("serves models", { connect: loopback });

const task = "examples/tasks/ledger-reconcile";
const script = readScript(`${task}/script.yaml`);
const servers: WireServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.close();
});

test.each(dialects)(
  "the demo ends verified with a model that is spoken to as $name",
  async (dialect) => {
    const server = await wireServer(dialect, turnsOf(script));
    servers.push(server);
    const { code, stdout, stderr } = await startCli(
      [
        "run",
        "--json",
        `--task=${task}`,
        "--environment=host",
        `--model=${server.spec}`,
        `--data=${freshFolder()}`,
      ],
      { env: { ...server.env } },
    ).ended;
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; [field: string]: unknown });
    expect({ code, stderr, refusals: server.refusals }).toMatchObject({ code: 0, refusals: [] });
    expect(events.at(-1)).toMatchObject({ type: "run.finished", outcome: "verified" });
    expect(server.requests).toHaveLength(script.turns.length);
    const turns = events.filter(({ type }) => type === "turn.completed");
    expect(turns.every(({ attempts }) => attempts === 1)).toBe(true);
  },
  // A process of its own with some of its own, on a machine that may be busy with other tests.
  120_000,
);

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { eventsOf, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("starts a server of tools", { spawn: true });

const server = resolve(import.meta.dirname, "../support/mcp-servers/gives-orders.mjs");
const mcpServers = { sums: { command: process.execPath, args: [server], confine: false } };

/** An engine whose policy does something about tools that give orders. */
function careful(effect: "ask" | "deny", key: "toolInjection" | "injection") {
  const folder = temporaryFolder("tool-descriptions");
  const rules = [
    { id: "poisoned", [effect]: { [key]: "likely" }, reason: "It gives a model orders." },
  ];
  const pack = { pack: "careful", version: 1, description: "careful", default: "allow", rules };
  writeFileSync(join(folder, "careful.yaml"), stringify(pack));
  const made = testEngine(
    { "policy.packs": ["careful"], "policy.files": ["careful.yaml"], mcpServers },
    folder,
  );
  onTestFinished(() => made.engine.close());
  return made;
}

const calls = (...names: string[]) => [
  ...names.map((name) => ({ tool_calls: [{ name: `sums__${name}`, arguments: {} }] })),
  { text: "Done." },
];

test("calls of tools whose descriptions give orders are refused, and of no others", async () => {
  const { engine, run } = careful("deny", "toolInjection");
  const { runId, outcome, events } = await run(calls("plain", "add", "sum"));
  expect(outcome).not.toBe("parked");
  const results = eventsOf(events, "tool.completed");
  expect(results.map(({ error }) => error?.code)).toEqual([
    undefined,
    "boundary.policy_denied",
    "boundary.policy_denied",
  ]);
  const rows = engine.store.audit.list({ runId, connector: "mcp:sums" }).items;
  const said = rows.flatMap(({ record }) => {
    const { tool, toolInjection } = record as { tool?: string; toolInjection?: string };
    return tool === undefined ? [] : [[tool, toolInjection]];
  });
  expect(Object.fromEntries(said)).toEqual({
    sums__plain: undefined,
    sums__add: "likely",
    sums__sum: "likely",
  });
  const [session] = eventsOf(events, "session.opened");
  expect(session?.notices.join("\n")).toMatch(/Tool "sums__add": its description looks as if/);
});

test("a person is asked about them where policy says so", async () => {
  const { engine, run } = careful("ask", "toolInjection");
  expect((await run(calls("add"))).outcome).toBe("parked");
  expect(engine.store.approvals.list({})[0]).toMatchObject({ ruleId: "careful/poisoned" });
});

test("an agent that was shown such a tool has read orders, whatever it calls", async () => {
  const { engine, run } = careful("ask", "injection");
  expect((await run(calls("plain"))).outcome).toBe("parked");
  expect(engine.store.approvals.list({})[0]?.summary).toContain("plain");
});

test("the listing and the pinning of tools warn of them", async () => {
  const folder = temporaryFolder("tool-descriptions");
  writeFileSync(join(folder, "agent33.config.yaml"), stringify({ mcpServers }));
  const listed = await runInProcess(["mcp", "tools"], folder);
  expect(listed.stdout).toMatch(/warning: add: .* \(likely: .*steal-credentials/);
  expect(listed.stdout).toMatch(/warning: sum: .* \(likely: override\)/);
  expect(listed.stdout).not.toContain("warning: plain");
  const pinned = await runInProcess(["mcp", "pin", "--json"], folder);
  const { items } = JSON.parse(pinned.stdout) as {
    items: { tools: { name: string; injection: unknown }[] }[];
  };
  expect(items[0]?.tools.map(({ name, injection }) => [name, injection !== null])).toEqual([
    ["plain", false],
    ["add", true],
    ["sum", true],
  ]);
});

import type { DashboardWorld } from "./dashboard.ts";

/** Makes runs of every kind that the pages show. Gives the places of the pages. */
export async function furnish(world: DashboardWorld): Promise<Readonly<Record<string, string>>> {
  const plan = (...done: readonly string[]) => ({
    name: "update_plan",
    arguments: {
      steps: ["read what is there", "change it", "check it"].map((step, at) => ({
        step,
        status: done[at] ?? "pending",
      })),
    },
  });
  const line = (text: string) => ({
    name: "append_line",
    arguments: { path: "ledger.csv", line: text },
  });
  const done = await world.start("Add up the ledger and say the sum.", [
    { text: "I read the ledger first.", tool_calls: [plan("in_progress")] },
    { text: "The sum is 19.75." },
  ]);
  await world.settled(done);
  const failing = await world.start("Reconcile the March statements with the bank's export.", [
    { text: "Reading.", tool_calls: [{ name: "read_file", arguments: { path: "march.csv" } }] },
    { text: "There is no statement for March." },
  ]);
  await world.settled(failing);
  const waiting = await world.start("Enter the invoice of 6 January, 3.10 EUR, into the ledger.", [
    { text: "First a look at what is there.", tool_calls: [plan("done", "in_progress")] },
    {
      reasoning: "The line is new. It belongs at the end.",
      text: "The invoice is not in it yet; I append it.",
      tool_calls: [line("2026-01-06,3.10")],
    },
    { text: "The invoice is entered." },
  ]);
  await world.settled(waiting);
  const engine = world.server.engines.own;
  const entered = await world.start("Enter the stamps of 7 January, 1.10 EUR, into the ledger.", [
    { text: "I append the line.", tool_calls: [line("2026-01-07,1.10")] },
    { text: "And one more, to be sure.", tool_calls: [line("2026-01-07,1.10")] },
    { text: "The stamps are entered once; the second line was refused." },
  ]);
  for (const [word, why] of [
    ["approved", "The receipt is there."],
    ["denied", "It is entered already."],
  ] as const) {
    await engine.decideApproval(await world.question(entered), word, "mara", why);
  }
  await world.settled(entered);
  engine.boundary.forceBreaker("http:bank.example:443|read", {
    state: "open",
    until: Date.now() + 3_600_000,
    by: "mara",
    reason: "The bank's export is wrong until noon.",
  });
  return {
    now: "/",
    runs: "/runs",
    run: `/runs/${entered}`,
    waiting: `/runs/${waiting}`,
    approvals: "/approvals",
    connectors: "/connectors",
    store: "/store",
  };
}

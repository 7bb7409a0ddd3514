import type { DashboardWorld } from "./dashboard.ts";

/** Makes runs of every kind that the pages show. Gives the places of the pages. */
export async function furnish(world: DashboardWorld): Promise<Readonly<Record<string, string>>> {
  const read = { name: "read_file", arguments: { path: "ledger.csv" } };
  const write = {
    name: "append_line",
    arguments: { path: "ledger.csv", line: "2026-01-06,3.10" },
  };
  const done = await world.start("Add up the ledger and say the sum.", [
    { text: "I read the ledger first.", tool_calls: [read] },
    { text: "The sum is 19.75." },
  ]);
  await world.settled(done);
  const failing = await world.start("Reconcile the March statements with the bank's export.", [
    { text: "Reading.", tool_calls: [{ name: "read_file", arguments: { path: "march.csv" } }] },
    { text: "There is no statement for March." },
  ]);
  await world.settled(failing);
  const waiting = await world.start("Enter the invoice of 6 January, 3.10 EUR, into the ledger.", [
    { text: "First a look at what is there.", tool_calls: [read] },
    {
      reasoning: "The line is new. It belongs at the end.",
      text: "The invoice is not in it yet; I append it.",
      tool_calls: [write],
    },
    { text: "The invoice is entered." },
  ]);
  await world.settled(waiting);
  return {
    now: "/",
    runs: "/runs",
  };
}

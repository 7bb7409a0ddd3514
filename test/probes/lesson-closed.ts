import { probe, within } from "./support/bench.ts";

// A lesson has actions, and is closed with evidence once they are done, not before.
// Sabotaged: it is closed right away.
await probe(async ({ sabotaged, agent33 }) => {
  const json = async (...words: readonly string[]) => agent33("learn", ...words, "--json");
  const told = ["--type", "failure", "--title", "A list is made from its master data"];
  const insight = ["--insight", "Invoices say who was paid.", "--action", "Give it the contracts."];
  const lesson = (await json("lessons", "create", ...told, ...insight)).json();
  const id = String(within(lesson, "id"));
  const early = await json("lessons", "verify", id, "--evidence", "none yet");
  if (!sabotaged) await json("lessons", "action", id, "0", "completed");
  const closed = await json("lessons", "verify", id, "--evidence", "The list was whole in May.");
  const shown = (await json("lessons", "show", id)).json();
  return { early: early.code, closed: closed.code, lesson: shown };
});

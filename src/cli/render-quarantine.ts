import type { listQuarantine, QuarantineItem, showQuarantined } from "../engine.ts";
import { columns, oneLine, type Output } from "./output.ts";
import { damagedLines } from "./page.ts";

const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

/** One page of what was set aside, and the command that shows the next one. */
export function quarantineText(
  page: Awaited<ReturnType<typeof listQuarantine>>,
  limit: number,
  store: string,
  { program }: Output,
): string {
  const damaged = damagedLines(page);
  if (page.items.length === 0 && damaged === "") return "Nothing is set aside.";
  const head = ["ID", "AT (UTC)", "FROM", "PLACE", "REASON", "BEGINS"];
  const table = `${damaged}${columns([head, ...page.items.map(rowOf)])}`;
  if (page.nextCursor === null) return table;
  const next = `store quarantine list${store} --limit ${limit} --cursor ${page.nextCursor}`;
  return `${table}\nmore: ${program} ${next}`;
}

function rowOf(item: QuarantineItem): readonly string[] {
  const { id, at, origin, place, reason, begins } = item;
  // The end of a path says more than its beginning.
  const from = origin.length > 40 ? `…${origin.slice(-39)}` : origin;
  return [String(id), time(at), from, place, oneLine(reason, 80), oneLine(begins, 40)];
}

/** One record that was set aside. */
export function quarantinedText(found: Awaited<ReturnType<typeof showQuarantined>>): string {
  const { id, at, tenant, origin, place, reason, content } = found;
  const facts = columns([
    ["record", String(id)],
    ["set aside", `${time(at)} UTC`],
    ["tenant", tenant],
    ["from", origin],
    ["place", place],
    ["reason", reason],
  ]);
  return `${facts}\n\n${content}`;
}

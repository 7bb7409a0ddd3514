import type { Lineage, LineageStep } from "../engine.ts";
import { columns, oneLine } from "./output.ts";
import { block, entries, fields, utc } from "./text.ts";

/** A lineage for people: the nearest cause first, then what came of it. */
export function lineageText({ call, run, ledTo, caused, unknown }: Lineage): string {
  const head =
    call === null
      ? fields([["run", run ?? undefined]])
      : fields([
          ["call", call.id],
          ["at", `${utc(call.at)} UTC`],
          ["what", oneLine(`${call.connector} ${call.operation}`, 200)],
          ["outcome", call.outcome],
          ["run", run ?? undefined],
          ["place", call.place ?? undefined],
        ]);
  return [
    head,
    block("led to by", tableOf(ledTo)),
    block(
      "what came of it",
      caused.length === 0 ? "nothing that was written down" : tableOf(caused),
    ),
    entries("not known", unknown),
    "\n\nrecorded: written down so; order: it came before or after, in the log; arguments: the call names it.",
  ].join("");
}

function tableOf(steps: readonly LineageStep[]): string {
  if (steps.length === 0) return "";
  const rows = steps.map(({ kind, what, basis, at, seq, call, id }) => [
    kind.replace("_", " "),
    oneLine(what, 80),
    basis,
    at === null ? "-" : utc(at),
    seq === null ? "-" : `#${seq}`,
    call ?? id ?? "-",
  ]);
  return columns([["WHAT", "WHICH", "KNOWN BY", "AT (UTC)", "LOG", "ID"], ...rows]);
}

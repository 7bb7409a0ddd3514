import { Agent33Error } from "../base/errors.ts";

/** What a prefix is looked up among, for messages: the noun, its error code and its list command. */
export interface Kind {
  readonly noun:
    | "run"
    | "approval"
    | "call"
    | "signal"
    | "intake"
    | "lesson"
    | "checklist"
    | "snapshot"
    | "refresh"
    | "alert"
    | "silence";
  readonly unknownCode: string;
  readonly listCommand: string;
}

/** Ids shown of an ambiguous prefix. */
export const shownCandidates = 5;

/** The bounds of all ids that begin with a prefix, for an index: `from <= id < to`. */
export function prefixRange(prefix: string): { readonly from: string; readonly to: string } {
  const from = prefix.trim();
  // The last code point there is sorts after every id in SQLite's order by bytes.
  return { from, to: `${from}\u{10ffff}` };
}

/**
 * The one row that a prefix means: the row of exactly this id, or the only one found.
 * @throws Agent33Error `store.ambiguous_id`, or the kind's unknown code
 */
export function pickOne<R extends { readonly id: string }>(
  prefix: string,
  rows: readonly R[],
  kind: Kind,
): R {
  const { from } = prefixRange(prefix);
  const exact = rows.find((row) => row.id === from);
  if (exact !== undefined) return exact;
  const [first, ...others] = rows;
  if (first === undefined || from === "") {
    throw new Agent33Error(kind.unknownCode, `There is no ${kind.noun} "${prefix}".`, {
      hint: `List them with \`${kind.listCommand}\`.`,
      details: { id: prefix },
    });
  }
  if (others.length === 0) return first;
  const candidates = rows.slice(0, shownCandidates).map((row) => row.id);
  throw new Agent33Error(
    "store.ambiguous_id",
    `More than one ${kind.noun} begins with "${prefix}".`,
    {
      hint: `Give more of the id: ${candidates.join(", ")}${rows.length > shownCandidates ? ", …" : ""}.`,
      details: { prefix, candidates },
    },
  );
}

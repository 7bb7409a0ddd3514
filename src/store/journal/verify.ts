import { join } from "node:path";
import { lastHistories } from "./histories.ts";
import { changesAfter } from "./reader.ts";
import { sealProblems } from "./seal.ts";
import { readOrigin, segmentsIn } from "./segments.ts";

/** One history of a journal, read from end to end. */
export interface VerifiedHistory {
  readonly history: string;
  /** The numbers of the first and the last change that can be read one after the other. */
  readonly from: number;
  readonly to: number;
  readonly problems: readonly string[];
}

/** Reads a journal: every line by its checksum, the numbers without a gap, packed files by their seals. */
export async function verifyJournal(journal: string): Promise<readonly VerifiedHistory[]> {
  const verified: VerifiedHistory[] = [];
  for (const history of lastHistories(journal)) {
    const folder = join(journal, history);
    const problems = [...(await sealProblems(folder))];
    const [first = 1] = segmentsIn(folder);
    // What is older may have been removed: a backup has it.
    const after = Math.max(first - 1, readOrigin(journal, history)?.seq ?? 0);
    const changes = changesAfter(journal, history, after, "as it stands");
    let found = await changes.next();
    while (found.done !== true) found = await changes.next();
    const { kind, seq } = found.value;
    if (kind === "gap") problems.push(`change ${seq + 1} is missing or damaged`);
    verified.push({ history, from: after + 1, to: seq, problems });
  }
  return verified;
}

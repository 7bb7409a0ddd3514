import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Position } from "./position.ts";
import { readOrigin, sealedName, segmentEnd, segmentName, segmentOf } from "./segments.ts";
import { readTail } from "./tail.ts";

/**
 * How the journal stands to the change that comes next: it has all before it; it has yet to begin
 * the history; it has changes that the store lacks; or it lacks some. One line of that number may be
 * there already: its transaction was not committed.
 */
export function continuity(
  folder: string,
  { history, seq, parent }: Position,
): "whole" | "fresh" | "behind" | "gap" {
  const origin = readOrigin(folder, history);
  if (origin === undefined) return parent === undefined ? "gap" : "fresh";
  const own = join(folder, history);
  const first = segmentOf(seq);
  if (existsSync(join(own, segmentName(segmentEnd(first) + 1)))) return "behind";
  const tail = readTail(own, first, history);
  if (tail === undefined && existsSync(join(own, sealedName(first)))) return "behind";
  if (tail === undefined) return endsAt(own, history, seq - 1, origin.seq);
  if (tail.last > seq) return "behind";
  if (tail.hasGap || tail.last < seq - 1) return "gap";
  return tail.first === undefined ? "whole" : endsAt(own, history, tail.first - 1, origin.seq);
}

/** Whether there is nothing to miss up to a number, after which another segment may begin. */
function endsAt(
  own: string,
  history: string,
  seq: number,
  begins: number,
): "whole" | "behind" | "gap" {
  if (seq === begins) return "whole";
  const first = segmentOf(seq);
  if (segmentEnd(first) !== seq) return "gap";
  const tail = readTail(own, first, history);
  if (tail === undefined) return existsSync(join(own, sealedName(first))) ? "whole" : "gap";
  return tail.hasGap || tail.last < seq ? "gap" : "whole";
}

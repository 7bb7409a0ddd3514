import type { StoredEvent } from "../../events/event.ts";

/** A workspace and the scratch copy that stands for it in a replay. Absolute. */
export interface Relocation {
  readonly from: string;
  readonly to: string;
}

/** Where a run worked, and where its replay does; undefined where either has no workspace. */
export function relocationOf(
  original: readonly StoredEvent[],
  replay: readonly StoredEvent[],
): Relocation | undefined {
  const from = workspaceOf(original);
  const to = workspaceOf(replay);
  return from === null || to === null ? undefined : { from, to };
}

function workspaceOf(events: readonly StoredEvent[]): string | null {
  const started = events.find((event) => event.type === "run.started");
  return started?.workspace ?? null;
}

/** The text with one path, and what lies below it, in the place of the other. */
export function relocate(text: string, { from, to }: Relocation): string {
  return text
    .split(from)
    .reduce((before, after) => before + (isWhole(before, after) ? to : from) + after);
}

/** Not a part of other names: `/work` is not in `/workshop`, and not in `/home/work`. */
function isWhole(before: string, after: string): boolean {
  const ends = !/^[\w.-]/.test(after) || /^\.(?:\s|$)/.test(after);
  return ends && !/[\w.-]$/.test(before);
}

import type { ChainEntry } from "../ports.ts";

/** By which the audit knows what the engine did by itself. */
export const engineConnector = "engine";
/** That the audit was cut. */
export const cutOperation = "retention.audit";

/** A signed place with which an audit begins, since what came before was removed. */
export interface CutPlace {
  readonly position: number;
  readonly hash: string;
}

/** What the record of a cut calls itself: no record names another place by accident. */
export function cutName({ position, hash }: CutPlace): string {
  return `audit-cut:${position}:${hash}`;
}

/** Whether a record says that the audit was cut at a place. */
export function saysCut({ link, row }: ChainEntry, place: CutPlace): boolean {
  if (row?.connector !== engineConnector || row.operation !== cutOperation) return false;
  if (link.state !== "closed" || row.outcome !== "ok") return false;
  return row.record.includes(JSON.stringify(cutName(place)));
}

import { Agent33Error } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { change, first, type Program } from "../program.ts";

export type TransferKind = "jsonl" | "legacy-json" | "legacy-sqlite" | "copy";

/** A transfer that has begun: kept in the store that it goes into. */
export interface Transfer {
  readonly id: string;
  readonly kind: TransferKind;
  /** Where it comes from, for people. */
  readonly source: string;
  /** How far it is, in the words of its kind. */
  readonly position: JsonObject;
  readonly state: "running" | "finished";
  readonly report: JsonObject;
}

export function* findTransfer(id: string): Program<Transfer | undefined> {
  const row = yield* first(
    "SELECT id, kind, source, position, state, report FROM transfers WHERE id = ?",
    id,
  );
  if (row === undefined) return undefined;
  return {
    id,
    kind: row["kind"] as TransferKind,
    source: String(row["source"]),
    position: JSON.parse(String(row["position"])) as JsonObject,
    state: row["state"] as Transfer["state"],
    report: JSON.parse(String(row["report"])) as JsonObject,
  };
}

/**
 * Notes how far a transfer is, in the transaction of what it wrote: after a kill it goes on exactly
 * there.
 * @param before as it was noted last; undefined to begin
 * @throws Agent33Error `store.transfer_elsewhere` where another process has taken it on meanwhile
 */
export function* saveTransfer(
  before: Transfer | undefined,
  after: Transfer,
  now: number,
): Program<void> {
  const { id, kind, source, state } = after;
  const position = JSON.stringify(after.position);
  const report = JSON.stringify(after.report);
  const changed =
    before === undefined
      ? yield* change(
          `INSERT INTO transfers (id, kind, source, position, state, report, started_at, updated_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
          id,
          kind,
          source,
          position,
          state,
          report,
          now,
          now,
        )
      : yield* change(
          `UPDATE transfers SET source = ?, position = ?, state = ?, report = ?, updated_at = ?
           WHERE id = ? AND position = ? AND state = ?`,
          source,
          position,
          state,
          report,
          now,
          id,
          JSON.stringify(before.position),
          before.state,
        );
  if (changed === 1) return;
  throw new Agent33Error(
    "store.transfer_elsewhere",
    `Another process is moving ${source} into this store.`,
    {
      hint: "Let one of them finish. Running it again afterwards does no harm.",
      retryable: true,
      details: { transfer: id, source },
    },
  );
}

import { limitOf } from "../pages.ts";
import { asItStands } from "../seals/checked-text.ts";
import { change, first, lock, type Program, read, rows, write } from "../program.ts";
import {
  type ChainCheckpoint,
  type ChainEntry,
  type ChainFacts,
  checkpointOf,
  entryOf,
  linkedColumns,
  rowOf,
  type StoredAuditRow,
} from "./audit-chain-rows.ts";
import type { RepositoryContext } from "./context.ts";

/** Where the chain ends. */
export interface ChainEnd {
  readonly position: number;
  readonly hash: string;
  /** The position of the newest checkpoint; 0 where there is none. */
  readonly checkpoint: number;
}

/** How digests, hashes and signatures are made: the boundary's part. */
export interface ChainMaker {
  recordDigest(row: StoredAuditRow): string;
  /** @param previous the hash of the link before; undefined for the first */
  hash(previous: string | undefined, facts: ChainFacts): string;
  /** Undefined where there is nothing to sign with. */
  sign(
    place: Omit<ChainCheckpoint, "keyId" | "signature">,
  ): Pick<ChainCheckpoint, "keyId" | "signature"> | undefined;
}

/** A signed place up to which a chain can be removed. */
export interface ChainCut {
  readonly position: number;
  readonly hash: string;
  /** When it was signed. Milliseconds since the Unix epoch. */
  readonly at: number;
  /** How many links there are up to it. */
  readonly links: number;
}

export interface AppendRequest {
  /** Links at most. */
  readonly limit: number;
  /** Links between two checkpoints. */
  readonly checkpointEvery: number;
  /** Signs the end as soon as nothing is left to link, unless it is signed already. */
  readonly checkpointNow?: boolean;
}

/** Which part of a list to read. */
export interface ChainPage {
  /** The `position`, or of rows the `seq`, after which it begins. */
  readonly after?: number;
  /** 1 to 1000. Default 50. */
  readonly limit?: number;
}

/** A number that is too low was given by somebody else, and is to be seen as well. */
const fromTheStart = Number.MIN_SAFE_INTEGER;

const endText = `SELECT position, hash,
    COALESCE((SELECT position FROM audit_checkpoints WHERE tenant = ?
      ORDER BY position DESC LIMIT 1), 0) AS checkpoint
  FROM audit_chain WHERE tenant = ? ORDER BY position DESC LIMIT 1`;

/**
 * The chain over a tenant's audit. Several processes may append at once: each takes what is not
 * linked yet, in the order in which it was written.
 */
export function auditChainRepository({ tenant, clock }: RepositoryContext) {
  function* end(): Program<ChainEnd | undefined> {
    const row = yield* first(endText, tenant, tenant);
    if (row === undefined) return undefined;
    return {
      position: Number(row["position"]),
      hash: String(row["hash"]),
      checkpoint: Number(row["checkpoint"]),
    };
  }

  function* link(
    row: StoredAuditRow,
    last: ChainEnd | undefined,
    maker: ChainMaker,
  ): Program<ChainEnd | undefined> {
    const facts: ChainFacts = {
      tenant,
      position: (last?.position ?? 0) + 1,
      callId: row.callId,
      state: row.state,
      at: clock.now(),
      recordDigest: maker.recordDigest(row),
    };
    const hash = maker.hash(last?.hash, facts);
    const made = yield* change(
      `INSERT INTO audit_chain (tenant, position, call_id, state, at, record_digest, hash)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, call_id, state) DO NOTHING`,
      tenant,
      facts.position,
      facts.callId,
      facts.state,
      facts.at,
      facts.recordDigest,
      hash,
    );
    // Where it was linked before, somebody has set the mark anew; whether it was changed as well,
    // a check of the chain finds. A row that was closed in this moment keeps its mark.
    yield* change(
      "UPDATE audit SET unchained = 0 WHERE tenant = ? AND call_id = ? AND state = ?",
      tenant,
      row.callId,
      row.state,
    );
    if (made === 0) return last;
    return { position: facts.position, hash, checkpoint: last?.checkpoint ?? 0 };
  }

  function* checkpoint(last: ChainEnd, maker: ChainMaker): Program<ChainEnd> {
    const { position, hash, checkpoint: previous } = last;
    const place = { tenant, position, previous, hash, at: clock.now() };
    const signed = maker.sign(place);
    if (signed === undefined) return last;
    yield* change(
      `INSERT INTO audit_checkpoints (tenant, position, previous, hash, at, key_id, signature)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      tenant,
      position,
      previous,
      hash,
      place.at,
      signed.keyId,
      signed.signature,
    );
    return { ...last, checkpoint: position };
  }

  return {
    /** Links the next rows; how many there were, at most the limit, and where the chain ends now. */
    append: write(function* (
      maker: ChainMaker,
      { limit, checkpointEvery, checkpointNow = false }: AppendRequest,
    ): Program<{ readonly taken: number; readonly end: ChainEnd | undefined }> {
      yield* lock("audit chain", tenant);
      const waiting = yield* rows(
        "SELECT * FROM audit WHERE tenant = ? AND unchained = 1 ORDER BY seq LIMIT ?",
        tenant,
        limit,
      );
      let last = yield* end();
      for (const row of waiting) last = yield* link(rowOf(row), last, maker);
      const unsigned = last === undefined ? 0 : last.position - last.checkpoint;
      const enough = checkpointNow && waiting.length < limit ? 1 : checkpointEvery;
      if (last !== undefined && unsigned >= enough) {
        last = yield* checkpoint(last, maker);
      }
      return { taken: waiting.length, end: last };
    }),
    end: read(end),
    /**
     * Calls `publish` with the chain's end while nobody else can do the same, so that the newest end
     * is published last. It may be called again where the transaction has to be.
     * @param known a place that was published before, for which the hash that is there now is given
     */
    publish: write(function* <T>(
      known: () => number,
      publish: (end: ChainEnd | undefined, hashThere: string | undefined) => T,
    ): Program<T> {
      yield* lock("audit chain", tenant);
      const there = yield* first(
        "SELECT hash FROM audit_chain WHERE tenant = ? AND position = ?",
        tenant,
        known(),
      );
      const last = yield* end();
      return publish(last, there === undefined ? undefined : String(there["hash"]));
    }),
    // The chain's own digests and hashes judge these rows, and a look at the seals would read all of a
    // tenant's links for each.
    // The sum keeps SQLite from looking through all later links instead of those of the call.
    /** Links by position, each with its record. */
    entries: read(function* (page: ChainPage = {}): Program<readonly ChainEntry[]> {
      const found = yield* rows(
        `SELECT l.tenant AS tenant, l.position AS position, l.call_id AS link_call_id,
           l.state AS link_state, l.at AS link_at, l.record_digest AS record_digest,
           l.hash AS hash, ${linkedColumns},
           CASE WHEN EXISTS (SELECT 1 FROM ${asItStands} audit_chain later WHERE later.tenant = l.tenant
             AND later.call_id = l.call_id AND later.position + 0 > l.position)
             THEN 1 ELSE 0 END AS superseded
         FROM audit_chain l LEFT JOIN ${asItStands} audit a ON a.call_id = l.call_id AND a.tenant = l.tenant
         WHERE l.tenant = ? AND l.position > ? ORDER BY l.position LIMIT ?`,
        tenant,
        page.after ?? fromTheStart,
        limitOf(page),
      );
      return found.map(entryOf);
    }),
    /** Rows of the audit that no link is about, oldest first; the new ones have their mark still. */
    unlinked: read(function* (
      page: ChainPage = {},
    ): Program<readonly { readonly row: StoredAuditRow; readonly unchained: boolean }[]> {
      const found = yield* rows(
        `SELECT * FROM audit WHERE tenant = ? AND seq > ? AND NOT EXISTS
           (SELECT 1 FROM ${asItStands} audit_chain l WHERE l.tenant = audit.tenant AND l.call_id = audit.call_id)
         ORDER BY seq LIMIT ?`,
        tenant,
        page.after ?? fromTheStart,
        limitOf(page),
      );
      return found.map((row) => ({ row: rowOf(row), unchained: row["unchained"] === 1 }));
    }),
    /**
     * The newest signed place before which everything is old enough to be removed, and how many links
     * that would be. What belongs to a run that has not ended stays, and all after it.
     * @param before signed before this, so that all up to there was linked before. Milliseconds since the Unix epoch
     * @param below a position that stays, with all after it
     */
    removable: read(function* (before: number, below: number): Program<ChainCut | undefined> {
      const held = yield* first(
        `SELECT l.position AS position, r.id AS run FROM ${asItStands} runs r
         JOIN ${asItStands} audit a ON a.run_id = r.id AND a.tenant = r.tenant
         JOIN ${asItStands} audit_chain l ON l.tenant = a.tenant AND l.call_id = a.call_id
         WHERE r.tenant = ? AND r.state <> 'finished' ORDER BY l.position LIMIT 1`,
        tenant,
      );
      const last = yield* end();
      const most = Math.min(below, Number(held?.["position"] ?? below), last?.position ?? 0);
      const place = yield* first(
        `SELECT position, hash, at FROM audit_checkpoints
         WHERE tenant = ? AND at < ? AND position < ? ORDER BY position DESC LIMIT 1`,
        tenant,
        before,
        most,
      );
      if (place === undefined) return undefined;
      const position = Number(place["position"]);
      const counted = yield* first(
        `SELECT COUNT(*) AS links FROM ${asItStands} audit_chain WHERE tenant = ? AND position <= ?`,
        tenant,
        position,
      );
      const links = Number(counted?.["links"] ?? 0);
      if (links === 0) return undefined;
      return { position, hash: String(place["hash"]), at: Number(place["at"]), links };
    }),
    /**
     * Removes all links up to a signed place, with their records; the place itself stays, and the chain
     * is checked from there. A record that a later link is about, or one still to come, stays as well.
     * @returns how many records were removed; 0 where there is no such place
     */
    cut: write(function* (position: number): Program<number> {
      yield* lock("audit chain", tenant);
      const place = yield* first(
        "SELECT position FROM audit_checkpoints WHERE tenant = ? AND position = ?",
        tenant,
        position,
      );
      if (place === undefined) return 0;
      const records = yield* change(
        `DELETE FROM audit WHERE tenant = ? AND unchained = 0
           AND call_id IN (SELECT l.call_id FROM ${asItStands} audit_chain l
             WHERE l.tenant = ? AND l.position <= ?)
           AND call_id NOT IN (SELECT l.call_id FROM ${asItStands} audit_chain l
             WHERE l.tenant = ? AND l.position > ?)`,
        tenant,
        tenant,
        position,
        tenant,
        position,
      );
      yield* change("DELETE FROM audit_chain WHERE tenant = ? AND position <= ?", tenant, position);
      yield* change(
        "DELETE FROM audit_checkpoints WHERE tenant = ? AND position < ?",
        tenant,
        position,
      );
      return records;
    }),
    /** By position. */
    checkpoints: read(function* (page: ChainPage = {}): Program<readonly ChainCheckpoint[]> {
      const found = yield* rows(
        `SELECT * FROM audit_checkpoints WHERE tenant = ? AND position > ?
         ORDER BY position LIMIT ?`,
        tenant,
        page.after ?? fromTheStart,
        limitOf(page),
      );
      return found.map(checkpointOf);
    }),
  };
}

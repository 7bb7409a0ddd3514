/** What the boundary keeps over restarts: its breakers, its limits and the chain over its audit. */
export const schema003 = `
-- 1 while the row is not in the chain as it is now.
ALTER TABLE audit ADD COLUMN unchained INTEGER NOT NULL DEFAULT 1 CHECK (unchained IN (0, 1));
CREATE INDEX audit_unchained ON audit (tenant, seq) WHERE unchained = 1;

-- What each record of the audit was when it was chained, each bound to the one before it. Positions
-- count from 1 without a gap.
CREATE TABLE audit_chain (
  tenant TEXT NOT NULL,
  position INTEGER NOT NULL,
  call_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
  at INTEGER NOT NULL,
  record_digest TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (tenant, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX audit_chain_by_call ON audit_chain (tenant, call_id, state);

-- Signed places of the chain. Each names the one before it, 0 where there is none, so that one that
-- is taken away is missed.
CREATE TABLE audit_checkpoints (
  tenant TEXT NOT NULL,
  position INTEGER NOT NULL,
  previous INTEGER NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (tenant, position)
) STRICT, WITHOUT ROWID;

-- The call that a question is about, as facts that a rule can be made of.
ALTER TABLE approvals ADD COLUMN facts TEXT;

-- Circuit breakers that have opened, and what a person has forced. Times are milliseconds since the
-- Unix epoch, because monotonic clocks begin anew.
CREATE TABLE breakers (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
  open_until INTEGER,
  -- How often it opened in a row, which sets how long it stays open, and in all.
  openings INTEGER NOT NULL,
  times_opened INTEGER NOT NULL,
  forced TEXT CHECK (forced IN ('open', 'closed')),
  forced_until INTEGER,
  forced_by TEXT,
  forced_reason TEXT,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- What calls have used of the policy's limits, and what calls in flight hold of them.
CREATE TABLE limit_uses (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  -- What the limit is counted for: a run, a person, the tenant.
  scope TEXT NOT NULL,
  call_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('held', 'used')),
  at INTEGER NOT NULL,
  amount REAL NOT NULL,
  UNIQUE (tenant, rule_id, scope, call_id)
) STRICT;
CREATE INDEX limit_uses_by_scope ON limit_uses (tenant, rule_id, scope, at);
`;

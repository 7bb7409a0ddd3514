/**
 * The first schema. The text is part of the store's history: its checksum is kept in every file,
 * so it is never edited; a change is a new migration.
 *
 * Lists are ordered by `seq`, never by time or id: clocks step back, and ids of two processes
 * interleave. Times are milliseconds since the Unix epoch; JSON stands in TEXT.
 */
export const schema001 = `
CREATE TABLE runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  task TEXT NOT NULL,
  agent TEXT NOT NULL,
  model TEXT NOT NULL,
  effort TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'parked', 'finished')),
  outcome TEXT,
  workspace TEXT,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  cost_micro_usd INTEGER NOT NULL,
  unpriced_calls INTEGER NOT NULL,
  spec TEXT NOT NULL
) STRICT;

CREATE TABLE run_events (
  run_id TEXT NOT NULL REFERENCES runs (id),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (run_id, seq)
) STRICT;

-- Calls may belong to no run and outlive theirs, so there is no foreign key.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  call_id TEXT NOT NULL UNIQUE,
  run_id TEXT,
  at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
  connector TEXT NOT NULL,
  operation TEXT NOT NULL,
  decision TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_run ON audit (run_id, seq);

CREATE TABLE approvals (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL,
  run_id TEXT,
  summary TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'consumed', 'expired')),
  requested_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_by TEXT,
  decided_at INTEGER,
  consumed_at INTEGER
) STRICT;
CREATE INDEX approvals_by_digest ON approvals (digest, state);
CREATE INDEX approvals_by_state ON approvals (state, seq);

CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  run_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('started', 'finished')),
  started_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE durable_runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  version INTEGER NOT NULL,
  input TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
  owner TEXT,
  -- Counts claims; with the owner it fences the writes of a holder that lost its lease.
  fence INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER,
  -- When a worker should take it up; NULL while only a message can wake it.
  wake_at INTEGER,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  -- The place of the cancellation among the finished steps.
  cancel_order INTEGER,
  -- Executions that ended badly since the step count in progress.
  attempts INTEGER NOT NULL DEFAULT 0,
  progress INTEGER NOT NULL DEFAULT 0,
  result TEXT,
  error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX durable_runs_by_wake ON durable_runs (state, wake_at);

CREATE TABLE durable_steps (
  run_id TEXT NOT NULL REFERENCES durable_runs (run_id),
  position INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('call', 'wait', 'poll', 'sleep')),
  -- The activity's name, or the topic.
  name TEXT NOT NULL,
  input_digest TEXT,
  repeat TEXT,
  state TEXT NOT NULL CHECK (state IN ('started', 'completed', 'failed')),
  -- The result, or what was thrown.
  result TEXT,
  deadline INTEGER,
  -- Ends are numbered per run, so that a replay hands them out in the order in which they came.
  finish_order INTEGER,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE durable_messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL REFERENCES durable_runs (run_id),
  topic TEXT NOT NULL,
  key TEXT NOT NULL,
  payload TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  taken_by INTEGER,
  UNIQUE (run_id, key)
) STRICT;
CREATE INDEX durable_messages_by_topic ON durable_messages (run_id, topic, seq);
`;

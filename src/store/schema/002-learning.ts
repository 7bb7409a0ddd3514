/**
 * Binds every row to a tenant, and adds what is learned. Scores are whole thousandths and money is
 * whole micro-USD, so that sums are equal on every backend.
 */
export const schema002 = `
ALTER TABLE audit ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
CREATE INDEX audit_by_tenant ON audit (tenant, seq);

ALTER TABLE approvals ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
CREATE INDEX approvals_by_tenant ON approvals (tenant, state, seq);
DROP INDEX approvals_by_state;

CREATE INDEX runs_by_tenant ON runs (tenant, seq);

-- Two tenants may have calls of one key.
CREATE TABLE idempotency_by_tenant (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  run_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('started', 'finished')),
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
INSERT INTO idempotency_by_tenant
  SELECT COALESCE((SELECT tenant FROM runs WHERE runs.id = run_id), 'default'),
    key, run_id, state, started_at, finished_at FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE idempotency_by_tenant RENAME TO idempotency;

-- What is set aside of a limit and what was used, over all processes. NULL is no limit.
CREATE TABLE budgets (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  limit_micro_usd INTEGER,
  limit_tokens INTEGER,
  limit_calls INTEGER,
  limit_ms INTEGER,
  used_micro_usd INTEGER NOT NULL DEFAULT 0,
  used_tokens INTEGER NOT NULL DEFAULT 0,
  used_calls INTEGER NOT NULL DEFAULT 0,
  used_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE signals (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  severity TEXT NOT NULL,
  summary TEXT NOT NULL,
  details TEXT NOT NULL,
  source TEXT NOT NULL,
  context TEXT NOT NULL,
  quality_score INTEGER NOT NULL,
  quality_label TEXT NOT NULL,
  quality_reasons TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  occurrences INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved', 'dismissed')),
  state_reason TEXT,
  state_by TEXT,
  state_at INTEGER,
  intake_id TEXT,
  -- Where it comes from: recorded here, or migrated from a store without checksums.
  provenance TEXT NOT NULL CHECK (provenance IN ('recorded', 'migrated')),
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX signals_by_tenant ON signals (tenant, seq);
CREATE INDEX signals_by_type ON signals (tenant, type, seq);
CREATE INDEX signals_by_severity ON signals (tenant, severity, seq);
CREATE INDEX signals_by_state ON signals (tenant, state, seq);
CREATE INDEX signals_by_source ON signals (tenant, source, seq);
CREATE INDEX signals_by_fingerprint ON signals (tenant, fingerprint, seq);
CREATE INDEX signals_by_intake ON signals (tenant, intake_id) WHERE intake_id IS NOT NULL;
-- What automatic intakes are made of, best first.
CREATE INDEX signals_waiting ON signals (tenant, severity, quality_score, seq)
  WHERE intake_id IS NULL AND state IN ('open', 'acknowledged');

-- Which signal a caller's key made or added to, so that a repeated request changes nothing.
CREATE TABLE signal_keys (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  signal_id TEXT NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- Counts by hour and by day (UTC), kept in the transaction of each signal; summaries read only
-- these. bucket is the start of the hour or day.
CREATE TABLE signal_class_counts (
  tenant TEXT NOT NULL,
  grain TEXT NOT NULL CHECK (grain IN ('hour', 'day')),
  bucket INTEGER NOT NULL,
  type TEXT NOT NULL,
  severity TEXT NOT NULL,
  signals INTEGER NOT NULL,
  occurrences INTEGER NOT NULL,
  quality_total INTEGER NOT NULL,
  high_quality INTEGER NOT NULL,
  PRIMARY KEY (tenant, grain, bucket, type, severity)
) STRICT, WITHOUT ROWID;
CREATE TABLE signal_source_counts (
  tenant TEXT NOT NULL,
  grain TEXT NOT NULL CHECK (grain IN ('hour', 'day')),
  bucket INTEGER NOT NULL,
  source TEXT NOT NULL,
  signals INTEGER NOT NULL,
  occurrences INTEGER NOT NULL,
  PRIMARY KEY (tenant, grain, bucket, source)
) STRICT, WITHOUT ROWID;

-- How far each run's log has been read for signals.
CREATE TABLE learned_runs (
  tenant TEXT NOT NULL,
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (tenant, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE intakes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('submitted', 'triaged', 'analyzing', 'accepted', 'deferred', 'rejected', 'tracked')),
  research_type TEXT NOT NULL,
  urgency TEXT NOT NULL,
  priority INTEGER NOT NULL,
  automatic INTEGER NOT NULL,
  submitted_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- The rest of the record, as JSON.
  body TEXT NOT NULL,
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX intakes_by_tenant ON intakes (tenant, seq);
CREATE INDEX intakes_by_state ON intakes (tenant, state, seq);

CREATE TABLE lessons (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  event_type TEXT NOT NULL CHECK (event_type IN ('success', 'failure', 'observation')),
  state TEXT NOT NULL CHECK (state IN ('open', 'implemented')),
  recorded_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX lessons_by_tenant ON lessons (tenant, seq);

CREATE TABLE checklists (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  period TEXT NOT NULL CHECK (period IN ('per_release', 'monthly', 'quarterly')),
  reference TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'complete')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX checklists_by_tenant ON checklists (tenant, seq);

CREATE TABLE metric_snapshots (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  period TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX metric_snapshots_by_tenant ON metric_snapshots (tenant, seq);
CREATE TABLE metric_values (
  tenant TEXT NOT NULL,
  metric_id TEXT NOT NULL,
  snapshot_seq INTEGER NOT NULL,
  taken_at INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (tenant, metric_id, snapshot_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE roadmap_refreshes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('micro', 'minor', 'major', 'ad_hoc')),
  state TEXT NOT NULL CHECK (state IN ('planned', 'complete')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX roadmap_refreshes_by_tenant ON roadmap_refreshes (tenant, seq);

-- Records that could not be taken over, as they were, with the reason. Nothing is dropped.
CREATE TABLE quarantine (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  -- The file or store that it comes from, and the place in it.
  source TEXT NOT NULL,
  place TEXT NOT NULL,
  reason TEXT NOT NULL,
  content TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (source, place)
) STRICT;

-- Imports and copies that have begun, and how far they are.
CREATE TABLE transfers (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  position TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'finished')),
  report TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Brings rows of version 1 up; only SQLite files have any. */
export const rows002 = `
UPDATE audit SET tenant = CASE WHEN json_valid(record)
  THEN COALESCE(json_extract(record, '$.principal.tenant'), 'default') ELSE 'default' END;
UPDATE approvals SET tenant =
  COALESCE((SELECT tenant FROM runs WHERE runs.id = approvals.run_id), 'default');
`;

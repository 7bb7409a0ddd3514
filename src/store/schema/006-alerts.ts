/** Alerts: how each stands, what became of it, who is told, and what is silenced. */
export const schema006 = `
CREATE TABLE alerts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Whose installation it is; whom the alert is about stands in the next column.
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  rule TEXT NOT NULL,
  about_tenant TEXT,
  state TEXT NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
  updated_at INTEGER NOT NULL,
  -- The rest of the record, as JSON.
  body TEXT NOT NULL,
  seal TEXT NOT NULL DEFAULT '',
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX alerts_by_state ON alerts (tenant, state, seq);

-- What became of alerts: never changed.
CREATE TABLE alert_history (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  alert_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  about_tenant TEXT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  seal TEXT NOT NULL DEFAULT '',
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX alert_history_by_alert ON alert_history (tenant, alert_id, seq);

-- What each receiver is to be told of each time that an alert fires.
CREATE TABLE alert_notices (
  tenant TEXT NOT NULL,
  alert_id TEXT NOT NULL,
  episode INTEGER NOT NULL,
  receiver TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'told', 'done')),
  next_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  seal TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant, alert_id, episode, receiver)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_notices_by_state ON alert_notices (tenant, state, next_at);

CREATE TABLE alert_silences (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  -- Where only what is about this tenant is silenced.
  about_tenant TEXT,
  ends_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  seal TEXT NOT NULL DEFAULT '',
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX alert_silences_by_end ON alert_silences (tenant, ends_at);
`;

/** How a row is spelled for its seal. */
export const rows006 = `
ALTER TABLE alerts ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(about_tenant), octet_length(about_tenant), about_tenant, typeof(body), octet_length(body),
  body, typeof(id), octet_length(id), id, typeof(rule), octet_length(rule), rule, typeof(seq),
  octet_length(seq), seq, typeof(state), octet_length(state), state, typeof(tenant),
  octet_length(tenant), tenant, typeof(updated_at), octet_length(updated_at), updated_at)) VIRTUAL;
ALTER TABLE alert_history ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(about_tenant), octet_length(about_tenant), about_tenant, typeof(alert_id),
  octet_length(alert_id), alert_id, typeof(at), octet_length(at), at, typeof(body),
  octet_length(body), body, typeof(id), octet_length(id), id, typeof(kind), octet_length(kind),
  kind, typeof(rule), octet_length(rule), rule, typeof(seq), octet_length(seq), seq,
  typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
ALTER TABLE alert_notices ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(alert_id), octet_length(alert_id), alert_id, typeof(body), octet_length(body), body,
  typeof(episode), octet_length(episode), episode, typeof(next_at), octet_length(next_at), next_at,
  typeof(receiver), octet_length(receiver), receiver, typeof(state), octet_length(state), state,
  typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
ALTER TABLE alert_silences ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(about_tenant), octet_length(about_tenant), about_tenant, typeof(body), octet_length(body),
  body, typeof(ends_at), octet_length(ends_at), ends_at, typeof(id), octet_length(id), id,
  typeof(seq), octet_length(seq), seq, typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
`;

/** The same for PostgreSQL; see {@link import("./004-seals-postgres.ts").postgres004}. */
export const postgres006 = `
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON alerts
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_alerts WITH (security_invoker = true) AS SELECT * FROM alerts
  WHERE agent33_holds('alerts', 'tenant id', seal, to_jsonb(alerts));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON alert_history
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_alert_history WITH (security_invoker = true) AS SELECT * FROM alert_history
  WHERE agent33_holds('alert_history', 'tenant id', seal, to_jsonb(alert_history));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON alert_notices
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant alert_id episode receiver');
CREATE VIEW checked_alert_notices WITH (security_invoker = true) AS SELECT * FROM alert_notices
  WHERE agent33_holds('alert_notices', 'tenant alert_id episode receiver', seal, to_jsonb(alert_notices));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON alert_silences
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_alert_silences WITH (security_invoker = true) AS SELECT * FROM alert_silences
  WHERE agent33_holds('alert_silences', 'tenant id', seal, to_jsonb(alert_silences));
`;

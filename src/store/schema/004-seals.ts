/**
 * A seal on every row: its revision and a checksum of its values. From here on a connection puts
 * seals on what it writes and looks at those of what it reads.
 */
export const schema004 = `
ALTER TABLE runs ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE run_events ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_chain ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_checkpoints ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE idempotency ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE durable_runs ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE durable_steps ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE durable_messages ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE breakers ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE limit_uses ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE budgets ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE signals ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE signal_keys ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE signal_class_counts ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE signal_source_counts ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE learned_runs ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE intakes ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE lessons ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE checklists ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE metric_snapshots ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE metric_values ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE roadmap_refreshes ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE transfers ADD COLUMN seal TEXT NOT NULL DEFAULT '';
`;

/**
 * How a row is spelled for its seal, worked out as it is read and not kept, and the seals of the
 * rows that a SQLite file has; the function is the connection's.
 */
export const rows004 = `
ALTER TABLE runs ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(agent), quote(cost_micro_usd), quote(effort), quote(finished_at), quote(id), quote(model),
  quote(outcome), quote(seq), quote(spec), quote(started_at), quote(state), quote(task),
  quote(tenant), quote(unpriced_calls), quote(workspace))) VIRTUAL;
UPDATE runs SET seal = row_seal('runs', spelled);
ALTER TABLE run_events ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(at), quote(event), quote(run_id), quote(seq), quote(type))) VIRTUAL;
UPDATE run_events SET seal = row_seal('run_events', spelled);
ALTER TABLE audit ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(at), quote(call_id), quote(connector), quote(decision), quote(operation), quote(outcome),
  quote(record), quote(rule_id), quote(run_id), quote(seq), quote(state), quote(tenant),
  quote(unchained))) VIRTUAL;
UPDATE audit SET seal = row_seal('audit', spelled);
ALTER TABLE audit_chain ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(at), quote(call_id), quote(hash), quote(position), quote(record_digest), quote(state),
  quote(tenant))) VIRTUAL;
UPDATE audit_chain SET seal = row_seal('audit_chain', spelled);
ALTER TABLE audit_checkpoints ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(at), quote(hash), quote(key_id), quote(position), quote(previous), quote(signature),
  quote(tenant))) VIRTUAL;
UPDATE audit_checkpoints SET seal = row_seal('audit_checkpoints', spelled);
ALTER TABLE approvals ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(consumed_at), quote(decided_at), quote(decided_by), quote(digest), quote(expires_at),
  quote(facts), quote(id), quote(requested_at), quote(rule_id), quote(run_id), quote(seq),
  quote(state), quote(summary), quote(tenant))) VIRTUAL;
UPDATE approvals SET seal = row_seal('approvals', spelled);
ALTER TABLE idempotency ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(finished_at), quote(key), quote(run_id), quote(started_at), quote(state), quote(tenant))) VIRTUAL;
UPDATE idempotency SET seal = row_seal('idempotency', spelled);
ALTER TABLE durable_runs ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(attempts), quote(cancel_order), quote(cancel_requested), quote(created_at), quote(error),
  quote(fence), quote(input), quote(lease_until), quote(owner), quote(progress), quote(result),
  quote(run_id), quote(seq), quote(state), quote(updated_at), quote(version), quote(wake_at),
  quote(workflow))) VIRTUAL;
UPDATE durable_runs SET seal = row_seal('durable_runs', spelled);
ALTER TABLE durable_steps ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(deadline), quote(finish_order), quote(finished_at), quote(input_digest), quote(kind),
  quote(name), quote(position), quote(repeat), quote(result), quote(run_id), quote(started_at),
  quote(state))) VIRTUAL;
UPDATE durable_steps SET seal = row_seal('durable_steps', spelled);
ALTER TABLE durable_messages ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(key), quote(payload), quote(run_id), quote(sent_at), quote(seq), quote(taken_by),
  quote(topic))) VIRTUAL;
UPDATE durable_messages SET seal = row_seal('durable_messages', spelled);
ALTER TABLE breakers ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(forced), quote(forced_by), quote(forced_reason), quote(forced_until), quote(key),
  quote(open_until), quote(openings), quote(state), quote(tenant), quote(times_opened),
  quote(updated_at))) VIRTUAL;
UPDATE breakers SET seal = row_seal('breakers', spelled);
ALTER TABLE limit_uses ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(at), quote(call_id), quote(rule_id), quote(scope), quote(seq), quote(state), quote(tenant))) VIRTUAL;
UPDATE limit_uses SET seal = row_seal('limit_uses', spelled, amount);
ALTER TABLE budgets ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(created_at), quote(id), quote(limit_calls), quote(limit_micro_usd), quote(limit_ms),
  quote(limit_tokens), quote(tenant), quote(used_calls), quote(used_micro_usd), quote(used_ms),
  quote(used_tokens))) VIRTUAL;
UPDATE budgets SET seal = row_seal('budgets', spelled);
ALTER TABLE signals ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(context), quote(details), quote(fingerprint), quote(id), quote(intake_id),
  quote(last_seen_at), quote(occurrences), quote(provenance), quote(quality_label),
  quote(quality_reasons), quote(quality_score), quote(recorded_at), quote(seq), quote(severity),
  quote(source), quote(state), quote(state_at), quote(state_by), quote(state_reason),
  quote(summary), quote(tenant), quote(type))) VIRTUAL;
UPDATE signals SET seal = row_seal('signals', spelled);
ALTER TABLE signal_keys ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(key), quote(signal_id), quote(tenant))) VIRTUAL;
UPDATE signal_keys SET seal = row_seal('signal_keys', spelled);
ALTER TABLE signal_class_counts ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(bucket), quote(grain), quote(high_quality), quote(occurrences), quote(quality_total),
  quote(severity), quote(signals), quote(tenant), quote(type))) VIRTUAL;
UPDATE signal_class_counts SET seal = row_seal('signal_class_counts', spelled);
ALTER TABLE signal_source_counts ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(bucket), quote(grain), quote(occurrences), quote(signals), quote(source), quote(tenant))) VIRTUAL;
UPDATE signal_source_counts SET seal = row_seal('signal_source_counts', spelled);
ALTER TABLE learned_runs ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(run_id), quote(seq), quote(tenant))) VIRTUAL;
UPDATE learned_runs SET seal = row_seal('learned_runs', spelled);
ALTER TABLE intakes ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(automatic), quote(body), quote(id), quote(priority), quote(research_type), quote(seq),
  quote(state), quote(submitted_at), quote(tenant), quote(updated_at), quote(urgency))) VIRTUAL;
UPDATE intakes SET seal = row_seal('intakes', spelled);
ALTER TABLE lessons ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(body), quote(event_type), quote(id), quote(recorded_at), quote(seq), quote(state),
  quote(tenant), quote(updated_at))) VIRTUAL;
UPDATE lessons SET seal = row_seal('lessons', spelled);
ALTER TABLE checklists ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(body), quote(created_at), quote(id), quote(period), quote(reference), quote(seq),
  quote(state), quote(tenant), quote(updated_at))) VIRTUAL;
UPDATE checklists SET seal = row_seal('checklists', spelled);
ALTER TABLE metric_snapshots ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(body), quote(id), quote(period), quote(seq), quote(taken_at), quote(tenant))) VIRTUAL;
UPDATE metric_snapshots SET seal = row_seal('metric_snapshots', spelled);
ALTER TABLE metric_values ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(metric_id), quote(snapshot_seq), quote(taken_at), quote(tenant))) VIRTUAL;
UPDATE metric_values SET seal = row_seal('metric_values', spelled, value);
ALTER TABLE roadmap_refreshes ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(body), quote(created_at), quote(id), quote(scope), quote(seq), quote(state),
  quote(tenant), quote(updated_at))) VIRTUAL;
UPDATE roadmap_refreshes SET seal = row_seal('roadmap_refreshes', spelled);
ALTER TABLE quarantine ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(at), quote(content), quote(place), quote(reason), quote(seq), quote(source), quote(tenant))) VIRTUAL;
UPDATE quarantine SET seal = row_seal('quarantine', spelled);
ALTER TABLE transfers ADD COLUMN spelled TEXT AS (concat_ws('|',
  quote(id), quote(kind), quote(position), quote(report), quote(source), quote(started_at),
  quote(state), quote(updated_at))) VIRTUAL;
UPDATE transfers SET seal = row_seal('transfers', spelled);
`;

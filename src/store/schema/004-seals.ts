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
  typeof(agent), octet_length(agent), agent, typeof(cost_micro_usd), octet_length(cost_micro_usd),
  cost_micro_usd, typeof(effort), octet_length(effort), effort, typeof(finished_at),
  octet_length(finished_at), finished_at, typeof(id), octet_length(id), id, typeof(model),
  octet_length(model), model, typeof(outcome), octet_length(outcome), outcome, typeof(seq),
  octet_length(seq), seq, typeof(spec), octet_length(spec), spec, typeof(started_at),
  octet_length(started_at), started_at, typeof(state), octet_length(state), state, typeof(task),
  octet_length(task), task, typeof(tenant), octet_length(tenant), tenant, typeof(unpriced_calls),
  octet_length(unpriced_calls), unpriced_calls, typeof(workspace), octet_length(workspace),
  workspace)) VIRTUAL;
UPDATE runs SET seal = row_seal('runs', spelled);
ALTER TABLE run_events ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(at), octet_length(at), at, typeof(event), octet_length(event), event, typeof(run_id),
  octet_length(run_id), run_id, typeof(seq), octet_length(seq), seq, typeof(type),
  octet_length(type), type)) VIRTUAL;
UPDATE run_events SET seal = row_seal('run_events', spelled);
ALTER TABLE audit ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(at), octet_length(at), at, typeof(call_id), octet_length(call_id), call_id,
  typeof(connector), octet_length(connector), connector, typeof(decision), octet_length(decision),
  decision, typeof(operation), octet_length(operation), operation, typeof(outcome),
  octet_length(outcome), outcome, typeof(record), octet_length(record), record, typeof(rule_id),
  octet_length(rule_id), rule_id, typeof(run_id), octet_length(run_id), run_id, typeof(seq),
  octet_length(seq), seq, typeof(state), octet_length(state), state, typeof(tenant),
  octet_length(tenant), tenant, typeof(unchained), octet_length(unchained), unchained)) VIRTUAL;
UPDATE audit SET seal = row_seal('audit', spelled);
ALTER TABLE audit_chain ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(at), octet_length(at), at, typeof(call_id), octet_length(call_id), call_id, typeof(hash),
  octet_length(hash), hash, typeof(position), octet_length(position), position,
  typeof(record_digest), octet_length(record_digest), record_digest, typeof(state),
  octet_length(state), state, typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
UPDATE audit_chain SET seal = row_seal('audit_chain', spelled);
ALTER TABLE audit_checkpoints ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(at), octet_length(at), at, typeof(hash), octet_length(hash), hash, typeof(key_id),
  octet_length(key_id), key_id, typeof(position), octet_length(position), position,
  typeof(previous), octet_length(previous), previous, typeof(signature), octet_length(signature),
  signature, typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
UPDATE audit_checkpoints SET seal = row_seal('audit_checkpoints', spelled);
ALTER TABLE approvals ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(consumed_at), octet_length(consumed_at), consumed_at, typeof(decided_at),
  octet_length(decided_at), decided_at, typeof(decided_by), octet_length(decided_by), decided_by,
  typeof(digest), octet_length(digest), digest, typeof(expires_at), octet_length(expires_at),
  expires_at, typeof(facts), octet_length(facts), facts, typeof(id), octet_length(id), id,
  typeof(requested_at), octet_length(requested_at), requested_at, typeof(rule_id),
  octet_length(rule_id), rule_id, typeof(run_id), octet_length(run_id), run_id, typeof(seq),
  octet_length(seq), seq, typeof(state), octet_length(state), state, typeof(summary),
  octet_length(summary), summary, typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
UPDATE approvals SET seal = row_seal('approvals', spelled);
ALTER TABLE idempotency ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(finished_at), octet_length(finished_at), finished_at, typeof(key), octet_length(key),
  key, typeof(run_id), octet_length(run_id), run_id, typeof(started_at), octet_length(started_at),
  started_at, typeof(state), octet_length(state), state, typeof(tenant), octet_length(tenant),
  tenant)) VIRTUAL;
UPDATE idempotency SET seal = row_seal('idempotency', spelled);
ALTER TABLE durable_runs ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(attempts), octet_length(attempts), attempts, typeof(cancel_order),
  octet_length(cancel_order), cancel_order, typeof(cancel_requested),
  octet_length(cancel_requested), cancel_requested, typeof(created_at), octet_length(created_at),
  created_at, typeof(error), octet_length(error), error, typeof(fence), octet_length(fence),
  fence, typeof(input), octet_length(input), input, typeof(lease_until),
  octet_length(lease_until), lease_until, typeof(owner), octet_length(owner), owner,
  typeof(progress), octet_length(progress), progress, typeof(result), octet_length(result),
  result, typeof(run_id), octet_length(run_id), run_id, typeof(seq), octet_length(seq), seq,
  typeof(state), octet_length(state), state, typeof(updated_at), octet_length(updated_at),
  updated_at, typeof(version), octet_length(version), version, typeof(wake_at),
  octet_length(wake_at), wake_at, typeof(workflow), octet_length(workflow), workflow)) VIRTUAL;
UPDATE durable_runs SET seal = row_seal('durable_runs', spelled);
ALTER TABLE durable_steps ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(deadline), octet_length(deadline), deadline, typeof(finish_order),
  octet_length(finish_order), finish_order, typeof(finished_at), octet_length(finished_at),
  finished_at, typeof(input_digest), octet_length(input_digest), input_digest, typeof(kind),
  octet_length(kind), kind, typeof(name), octet_length(name), name, typeof(position),
  octet_length(position), position, typeof(repeat), octet_length(repeat), repeat, typeof(result),
  octet_length(result), result, typeof(run_id), octet_length(run_id), run_id, typeof(started_at),
  octet_length(started_at), started_at, typeof(state), octet_length(state), state)) VIRTUAL;
UPDATE durable_steps SET seal = row_seal('durable_steps', spelled);
ALTER TABLE durable_messages ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(key), octet_length(key), key, typeof(payload), octet_length(payload), payload,
  typeof(run_id), octet_length(run_id), run_id, typeof(sent_at), octet_length(sent_at), sent_at,
  typeof(seq), octet_length(seq), seq, typeof(taken_by), octet_length(taken_by), taken_by,
  typeof(topic), octet_length(topic), topic)) VIRTUAL;
UPDATE durable_messages SET seal = row_seal('durable_messages', spelled);
ALTER TABLE breakers ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(forced), octet_length(forced), forced, typeof(forced_by), octet_length(forced_by),
  forced_by, typeof(forced_reason), octet_length(forced_reason), forced_reason,
  typeof(forced_until), octet_length(forced_until), forced_until, typeof(key), octet_length(key),
  key, typeof(open_until), octet_length(open_until), open_until, typeof(openings),
  octet_length(openings), openings, typeof(state), octet_length(state), state, typeof(tenant),
  octet_length(tenant), tenant, typeof(times_opened), octet_length(times_opened), times_opened,
  typeof(updated_at), octet_length(updated_at), updated_at)) VIRTUAL;
UPDATE breakers SET seal = row_seal('breakers', spelled);
ALTER TABLE limit_uses ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(at), octet_length(at), at, typeof(call_id), octet_length(call_id), call_id,
  typeof(rule_id), octet_length(rule_id), rule_id, typeof(scope), octet_length(scope), scope,
  typeof(seq), octet_length(seq), seq, typeof(state), octet_length(state), state, typeof(tenant),
  octet_length(tenant), tenant)) VIRTUAL;
UPDATE limit_uses SET seal = row_seal('limit_uses', spelled, amount);
ALTER TABLE budgets ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(created_at), octet_length(created_at), created_at, typeof(id), octet_length(id), id,
  typeof(limit_calls), octet_length(limit_calls), limit_calls, typeof(limit_micro_usd),
  octet_length(limit_micro_usd), limit_micro_usd, typeof(limit_ms), octet_length(limit_ms),
  limit_ms, typeof(limit_tokens), octet_length(limit_tokens), limit_tokens, typeof(tenant),
  octet_length(tenant), tenant, typeof(used_calls), octet_length(used_calls), used_calls,
  typeof(used_micro_usd), octet_length(used_micro_usd), used_micro_usd, typeof(used_ms),
  octet_length(used_ms), used_ms, typeof(used_tokens), octet_length(used_tokens), used_tokens)) VIRTUAL;
UPDATE budgets SET seal = row_seal('budgets', spelled);
ALTER TABLE signals ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(context), octet_length(context), context, typeof(details), octet_length(details),
  details, typeof(fingerprint), octet_length(fingerprint), fingerprint, typeof(id),
  octet_length(id), id, typeof(intake_id), octet_length(intake_id), intake_id,
  typeof(last_seen_at), octet_length(last_seen_at), last_seen_at, typeof(occurrences),
  octet_length(occurrences), occurrences, typeof(provenance), octet_length(provenance),
  provenance, typeof(quality_label), octet_length(quality_label), quality_label,
  typeof(quality_reasons), octet_length(quality_reasons), quality_reasons, typeof(quality_score),
  octet_length(quality_score), quality_score, typeof(recorded_at), octet_length(recorded_at),
  recorded_at, typeof(seq), octet_length(seq), seq, typeof(severity), octet_length(severity),
  severity, typeof(source), octet_length(source), source, typeof(state), octet_length(state),
  state, typeof(state_at), octet_length(state_at), state_at, typeof(state_by),
  octet_length(state_by), state_by, typeof(state_reason), octet_length(state_reason),
  state_reason, typeof(summary), octet_length(summary), summary, typeof(tenant),
  octet_length(tenant), tenant, typeof(type), octet_length(type), type)) VIRTUAL;
UPDATE signals SET seal = row_seal('signals', spelled);
ALTER TABLE signal_keys ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(key), octet_length(key), key, typeof(signal_id), octet_length(signal_id), signal_id,
  typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
UPDATE signal_keys SET seal = row_seal('signal_keys', spelled);
ALTER TABLE signal_class_counts ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(bucket), octet_length(bucket), bucket, typeof(grain), octet_length(grain), grain,
  typeof(high_quality), octet_length(high_quality), high_quality, typeof(occurrences),
  octet_length(occurrences), occurrences, typeof(quality_total), octet_length(quality_total),
  quality_total, typeof(severity), octet_length(severity), severity, typeof(signals),
  octet_length(signals), signals, typeof(tenant), octet_length(tenant), tenant, typeof(type),
  octet_length(type), type)) VIRTUAL;
UPDATE signal_class_counts SET seal = row_seal('signal_class_counts', spelled);
ALTER TABLE signal_source_counts ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(bucket), octet_length(bucket), bucket, typeof(grain), octet_length(grain), grain,
  typeof(occurrences), octet_length(occurrences), occurrences, typeof(signals),
  octet_length(signals), signals, typeof(source), octet_length(source), source, typeof(tenant),
  octet_length(tenant), tenant)) VIRTUAL;
UPDATE signal_source_counts SET seal = row_seal('signal_source_counts', spelled);
ALTER TABLE learned_runs ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(run_id), octet_length(run_id), run_id, typeof(seq), octet_length(seq), seq,
  typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
UPDATE learned_runs SET seal = row_seal('learned_runs', spelled);
ALTER TABLE intakes ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(automatic), octet_length(automatic), automatic, typeof(body), octet_length(body), body,
  typeof(id), octet_length(id), id, typeof(priority), octet_length(priority), priority,
  typeof(research_type), octet_length(research_type), research_type, typeof(seq),
  octet_length(seq), seq, typeof(state), octet_length(state), state, typeof(submitted_at),
  octet_length(submitted_at), submitted_at, typeof(tenant), octet_length(tenant), tenant,
  typeof(updated_at), octet_length(updated_at), updated_at, typeof(urgency),
  octet_length(urgency), urgency)) VIRTUAL;
UPDATE intakes SET seal = row_seal('intakes', spelled);
ALTER TABLE lessons ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(body), octet_length(body), body, typeof(event_type), octet_length(event_type),
  event_type, typeof(id), octet_length(id), id, typeof(recorded_at), octet_length(recorded_at),
  recorded_at, typeof(seq), octet_length(seq), seq, typeof(state), octet_length(state), state,
  typeof(tenant), octet_length(tenant), tenant, typeof(updated_at), octet_length(updated_at),
  updated_at)) VIRTUAL;
UPDATE lessons SET seal = row_seal('lessons', spelled);
ALTER TABLE checklists ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(body), octet_length(body), body, typeof(created_at), octet_length(created_at),
  created_at, typeof(id), octet_length(id), id, typeof(period), octet_length(period), period,
  typeof(reference), octet_length(reference), reference, typeof(seq), octet_length(seq), seq,
  typeof(state), octet_length(state), state, typeof(tenant), octet_length(tenant), tenant,
  typeof(updated_at), octet_length(updated_at), updated_at)) VIRTUAL;
UPDATE checklists SET seal = row_seal('checklists', spelled);
ALTER TABLE metric_snapshots ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(body), octet_length(body), body, typeof(id), octet_length(id), id, typeof(period),
  octet_length(period), period, typeof(seq), octet_length(seq), seq, typeof(taken_at),
  octet_length(taken_at), taken_at, typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
UPDATE metric_snapshots SET seal = row_seal('metric_snapshots', spelled);
ALTER TABLE metric_values ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(metric_id), octet_length(metric_id), metric_id, typeof(snapshot_seq),
  octet_length(snapshot_seq), snapshot_seq, typeof(taken_at), octet_length(taken_at), taken_at,
  typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
UPDATE metric_values SET seal = row_seal('metric_values', spelled, value);
ALTER TABLE roadmap_refreshes ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(body), octet_length(body), body, typeof(created_at), octet_length(created_at),
  created_at, typeof(id), octet_length(id), id, typeof(scope), octet_length(scope), scope,
  typeof(seq), octet_length(seq), seq, typeof(state), octet_length(state), state, typeof(tenant),
  octet_length(tenant), tenant, typeof(updated_at), octet_length(updated_at), updated_at)) VIRTUAL;
UPDATE roadmap_refreshes SET seal = row_seal('roadmap_refreshes', spelled);
ALTER TABLE quarantine ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(at), octet_length(at), at, typeof(content), octet_length(content), content,
  typeof(place), octet_length(place), place, typeof(reason), octet_length(reason), reason,
  typeof(seq), octet_length(seq), seq, typeof(source), octet_length(source), source,
  typeof(tenant), octet_length(tenant), tenant)) VIRTUAL;
UPDATE quarantine SET seal = row_seal('quarantine', spelled);
ALTER TABLE transfers ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(id), octet_length(id), id, typeof(kind), octet_length(kind), kind, typeof(position),
  octet_length(position), position, typeof(report), octet_length(report), report, typeof(source),
  octet_length(source), source, typeof(started_at), octet_length(started_at), started_at,
  typeof(state), octet_length(state), state, typeof(updated_at), octet_length(updated_at),
  updated_at)) VIRTUAL;
UPDATE transfers SET seal = row_seal('transfers', spelled);
`;

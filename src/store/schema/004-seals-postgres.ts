/**
 * The same for PostgreSQL, which works a seal out itself: a checksum of the row as JSON, without a
 * revision, as no file of it is ever read past the server. Columns
 * that are empty are left out, so that one that is added later changes no sum. The price of looking is set low, so that
 * a row is looked at before other conditions can pass over it.
 */
export const postgres004 = `
CREATE FUNCTION agent33_sum(of_table TEXT, of_row JSONB) RETURNS TEXT
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT left(encode(sha256(convert_to(
    of_table || CAST(jsonb_strip_nulls(of_row - 'seal') AS TEXT), 'UTF8')), 'hex'), 32)
$$;
CREATE FUNCTION agent33_holds(of_table TEXT, key_columns TEXT, kept TEXT, of_row JSONB)
  RETURNS BOOLEAN LANGUAGE plpgsql STABLE PARALLEL SAFE COST 0.01 AS $$
BEGIN
  IF kept = agent33_sum(of_table, of_row) THEN RETURN true; END IF;
  RAISE EXCEPTION 'row "%" of table %',
    (SELECT string_agg(of_row ->> name, ' ') FROM unnest(string_to_array(key_columns, ' ')) AS name),
    of_table USING ERRCODE = 'A3301';
END
$$;
CREATE FUNCTION agent33_seal() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM agent33_holds(CAST(TG_TABLE_NAME AS TEXT), TG_ARGV[0], OLD.seal, to_jsonb(OLD));
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  NEW.seal := agent33_sum(CAST(TG_TABLE_NAME AS TEXT), to_jsonb(NEW));
  RETURN NEW;
END
$$;
UPDATE runs SET seal = agent33_sum('runs', to_jsonb(runs));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON runs
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('id');
CREATE VIEW checked_runs WITH (security_invoker = true) AS SELECT * FROM runs
  WHERE agent33_holds('runs', 'id', seal, to_jsonb(runs));
UPDATE run_events SET seal = agent33_sum('run_events', to_jsonb(run_events));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON run_events
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('run_id seq');
CREATE VIEW checked_run_events WITH (security_invoker = true) AS SELECT * FROM run_events
  WHERE agent33_holds('run_events', 'run_id seq', seal, to_jsonb(run_events));
UPDATE audit SET seal = agent33_sum('audit', to_jsonb(audit));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('call_id');
CREATE VIEW checked_audit WITH (security_invoker = true) AS SELECT * FROM audit
  WHERE agent33_holds('audit', 'call_id', seal, to_jsonb(audit));
UPDATE audit_chain SET seal = agent33_sum('audit_chain', to_jsonb(audit_chain));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON audit_chain
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant position');
CREATE VIEW checked_audit_chain WITH (security_invoker = true) AS SELECT * FROM audit_chain
  WHERE agent33_holds('audit_chain', 'tenant position', seal, to_jsonb(audit_chain));
UPDATE audit_checkpoints SET seal = agent33_sum('audit_checkpoints', to_jsonb(audit_checkpoints));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON audit_checkpoints
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant position');
CREATE VIEW checked_audit_checkpoints WITH (security_invoker = true) AS SELECT * FROM audit_checkpoints
  WHERE agent33_holds('audit_checkpoints', 'tenant position', seal, to_jsonb(audit_checkpoints));
UPDATE approvals SET seal = agent33_sum('approvals', to_jsonb(approvals));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON approvals
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('id');
CREATE VIEW checked_approvals WITH (security_invoker = true) AS SELECT * FROM approvals
  WHERE agent33_holds('approvals', 'id', seal, to_jsonb(approvals));
UPDATE idempotency SET seal = agent33_sum('idempotency', to_jsonb(idempotency));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON idempotency
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant key');
CREATE VIEW checked_idempotency WITH (security_invoker = true) AS SELECT * FROM idempotency
  WHERE agent33_holds('idempotency', 'tenant key', seal, to_jsonb(idempotency));
UPDATE durable_runs SET seal = agent33_sum('durable_runs', to_jsonb(durable_runs));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON durable_runs
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('run_id');
CREATE VIEW checked_durable_runs WITH (security_invoker = true) AS SELECT * FROM durable_runs
  WHERE agent33_holds('durable_runs', 'run_id', seal, to_jsonb(durable_runs));
UPDATE durable_steps SET seal = agent33_sum('durable_steps', to_jsonb(durable_steps));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON durable_steps
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('run_id position');
CREATE VIEW checked_durable_steps WITH (security_invoker = true) AS SELECT * FROM durable_steps
  WHERE agent33_holds('durable_steps', 'run_id position', seal, to_jsonb(durable_steps));
UPDATE durable_messages SET seal = agent33_sum('durable_messages', to_jsonb(durable_messages));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON durable_messages
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('run_id key');
CREATE VIEW checked_durable_messages WITH (security_invoker = true) AS SELECT * FROM durable_messages
  WHERE agent33_holds('durable_messages', 'run_id key', seal, to_jsonb(durable_messages));
UPDATE breakers SET seal = agent33_sum('breakers', to_jsonb(breakers));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON breakers
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant key');
CREATE VIEW checked_breakers WITH (security_invoker = true) AS SELECT * FROM breakers
  WHERE agent33_holds('breakers', 'tenant key', seal, to_jsonb(breakers));
UPDATE limit_uses SET seal = agent33_sum('limit_uses', to_jsonb(limit_uses));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON limit_uses
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant rule_id scope call_id');
CREATE VIEW checked_limit_uses WITH (security_invoker = true) AS SELECT * FROM limit_uses
  WHERE agent33_holds('limit_uses', 'tenant rule_id scope call_id', seal, to_jsonb(limit_uses));
UPDATE budgets SET seal = agent33_sum('budgets', to_jsonb(budgets));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON budgets
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_budgets WITH (security_invoker = true) AS SELECT * FROM budgets
  WHERE agent33_holds('budgets', 'tenant id', seal, to_jsonb(budgets));
UPDATE signals SET seal = agent33_sum('signals', to_jsonb(signals));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON signals
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_signals WITH (security_invoker = true) AS SELECT * FROM signals
  WHERE agent33_holds('signals', 'tenant id', seal, to_jsonb(signals));
UPDATE signal_keys SET seal = agent33_sum('signal_keys', to_jsonb(signal_keys));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON signal_keys
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant key');
CREATE VIEW checked_signal_keys WITH (security_invoker = true) AS SELECT * FROM signal_keys
  WHERE agent33_holds('signal_keys', 'tenant key', seal, to_jsonb(signal_keys));
UPDATE signal_class_counts SET seal = agent33_sum('signal_class_counts', to_jsonb(signal_class_counts));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON signal_class_counts
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant grain bucket type severity');
CREATE VIEW checked_signal_class_counts WITH (security_invoker = true) AS SELECT * FROM signal_class_counts
  WHERE agent33_holds('signal_class_counts', 'tenant grain bucket type severity', seal, to_jsonb(signal_class_counts));
UPDATE signal_source_counts SET seal = agent33_sum('signal_source_counts', to_jsonb(signal_source_counts));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON signal_source_counts
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant grain bucket source');
CREATE VIEW checked_signal_source_counts WITH (security_invoker = true) AS SELECT * FROM signal_source_counts
  WHERE agent33_holds('signal_source_counts', 'tenant grain bucket source', seal, to_jsonb(signal_source_counts));
UPDATE learned_runs SET seal = agent33_sum('learned_runs', to_jsonb(learned_runs));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON learned_runs
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant run_id');
CREATE VIEW checked_learned_runs WITH (security_invoker = true) AS SELECT * FROM learned_runs
  WHERE agent33_holds('learned_runs', 'tenant run_id', seal, to_jsonb(learned_runs));
UPDATE intakes SET seal = agent33_sum('intakes', to_jsonb(intakes));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON intakes
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_intakes WITH (security_invoker = true) AS SELECT * FROM intakes
  WHERE agent33_holds('intakes', 'tenant id', seal, to_jsonb(intakes));
UPDATE lessons SET seal = agent33_sum('lessons', to_jsonb(lessons));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON lessons
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_lessons WITH (security_invoker = true) AS SELECT * FROM lessons
  WHERE agent33_holds('lessons', 'tenant id', seal, to_jsonb(lessons));
UPDATE checklists SET seal = agent33_sum('checklists', to_jsonb(checklists));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON checklists
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_checklists WITH (security_invoker = true) AS SELECT * FROM checklists
  WHERE agent33_holds('checklists', 'tenant id', seal, to_jsonb(checklists));
UPDATE metric_snapshots SET seal = agent33_sum('metric_snapshots', to_jsonb(metric_snapshots));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON metric_snapshots
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_metric_snapshots WITH (security_invoker = true) AS SELECT * FROM metric_snapshots
  WHERE agent33_holds('metric_snapshots', 'tenant id', seal, to_jsonb(metric_snapshots));
UPDATE metric_values SET seal = agent33_sum('metric_values', to_jsonb(metric_values));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON metric_values
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant metric_id snapshot_seq');
CREATE VIEW checked_metric_values WITH (security_invoker = true) AS SELECT * FROM metric_values
  WHERE agent33_holds('metric_values', 'tenant metric_id snapshot_seq', seal, to_jsonb(metric_values));
UPDATE roadmap_refreshes SET seal = agent33_sum('roadmap_refreshes', to_jsonb(roadmap_refreshes));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON roadmap_refreshes
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_roadmap_refreshes WITH (security_invoker = true) AS SELECT * FROM roadmap_refreshes
  WHERE agent33_holds('roadmap_refreshes', 'tenant id', seal, to_jsonb(roadmap_refreshes));
UPDATE quarantine SET seal = agent33_sum('quarantine', to_jsonb(quarantine));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON quarantine
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('source place');
CREATE VIEW checked_quarantine WITH (security_invoker = true) AS SELECT * FROM quarantine
  WHERE agent33_holds('quarantine', 'source place', seal, to_jsonb(quarantine));
UPDATE transfers SET seal = agent33_sum('transfers', to_jsonb(transfers));
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON transfers
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('id');
CREATE VIEW checked_transfers WITH (security_invoker = true) AS SELECT * FROM transfers
  WHERE agent33_holds('transfers', 'id', seal, to_jsonb(transfers));
`;

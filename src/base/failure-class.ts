/**
 * What kind of failure an error is, in ten classes: enough to count by and to act on, where its code
 * says which one it is.
 */
export const failureClasses = {
  "F-ENV": "the machine: a program, a folder, a sandbox or the store's own files are not as needed",
  "F-INP": "what was asked for or set is wrong: a setting, a file, an argument, a name",
  "F-EXE": "work began and failed: a tool, a command, an agent",
  "F-TMO": "something took too long and was ended",
  "F-RES": "a limit is reached: money, tokens, calls, places, space on a disk",
  "F-SEC": "refused for safety: policy, egress, a path, another tenant, a signature",
  "F-DEP": "another system does not answer, or answers with a failure of its own",
  "F-VAL": "an answer or a result is not what it has to be",
  "F-REV": "a person has to decide, or has said no",
  "F-UNK": "not known: a fault in AGENT-33 itself, or an end that nobody saw",
} as const;

export type FailureClass = keyof typeof failureClasses;

const namesIn = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Codes whose class their room and their name do not say. */
const byCode: Readonly<Record<FailureClass, readonly string[]>> = {
  "F-ENV": namesIn(`
    config.unwritable config.unusable_secret engine.environment engine.no_folder engine.run_files
    evaluation.check_not_started evaluation.agent_not_started evaluation.verifier_not_started
    evaluation.docker_missing evaluation.docker_unreachable evaluation.docker_failed
    evaluation.compose_missing evaluation.program_missing evaluation.network_not_kept
    evaluation.snapshot_failed evaluation.keep_failed evaluation.copy_failed
    mcp.start_timeout models.not_served shell.sandbox_unavailable policy.cedar_missing
    secrets.busy store.busy store.in_use store.closed store.conflict store.restoring store.run_exists
    store.access store.bad_row store.bad_encoding store.journal_failed
    store.snapshot_failed store.copy_failed store.export_failed sandbox.spawn_failed
    sandbox.kill_failed store.async_transaction cli.unwritable durable.closed workspace.no_folder`),
  "F-INP": namesIn(`
    boundary.dry_run api.not_found api.method_not_allowed api.not_json api.too_deep
    api.unsupported_media_type api.wrong_answer http.outside_base json.not_canonical evaluation.layout_unsupported
    evaluation.copy_unsupported evaluation.dockerfile_unsupported evaluation.several_conditions
    evaluation.several_steps evaluation.duplicate_trial evaluation.no_common_task
    evaluation.task_digests_differ evaluation.logs_inside_workspace evaluation.no_trajectory
    evaluation.workspace_not_empty evaluation.results_not_found evaluation.task_not_found
    agents.ambiguous agents.cycle agents.duplicate agents.tool_not_active config.name_in_use
    config.not_mcp_file config.secret_value models.base_url_unused models.nothing_to_replay
    models.empty_text models.no_embeddings models.no_stream engine.agent_stopped
    engine.run_finished engine.trial_gone engine.not_a_question engine.nothing_said engine.no_replay
    engine.no_session engine.no_embeddings engine.no_webhook_secret engine.once_without_tools
    engine.replay_of_replay engine.cannot_remember engine.check_without_workspace
    engine.data_in_workspace engine.shell_without_workspace engine.changed_skill
    engine.sampling_not_logged skills.exists skills.no_place skills.no_skill_in_source
    skills.not_a_skill skills.not_confirmed skills.folder_not_found learning.store
    learning.actions_open learning.checklist_exists learning.lesson_implemented
    learning.refresh_complete learning.signal_linked store.same_store store.target_not_empty
    store.use_copy store.not_a_store store.not_a_backup store.no_backup store.missing
    store.ambiguous_id store.approval_decided store.restore_plan store.behind_journal
    store.transfer_elsewhere store.backup_folder cli.bad_line cli.usage
    models.unusable_fallback
    durable.run_active tools.name_conflict policy.extends_cycle policy.impossible_call
    policy.never_matches policy.no_pack policy.pointless policy.shadowed
    policy.duplicate_pack policy.duplicate_rule messaging.bad_webhook_secret`),
  "F-EXE": namesIn(`
    boundary.tool_error agents.sub_agent_stopped agents.stuck_call agents.lost_call
    agents.lost_agent engine.run_failed engine.run_lost mcp.server_exited
    mcp.session_lost mcp.aborted evaluation.harbor_exception durable.too_many_attempts
    boundary.cancelled durable.cancelled durable.released evaluation.check_cancelled
    evaluation.trial_cancelled evaluation.verifier_cancelled evaluation.check_killed`),
  "F-TMO": namesIn(`
    boundary.timeout boundary.deadline_exceeded agents.time_is_up evaluation.overrun`),
  "F-RES": namesIn(`
    evaluation.overrun
    boundary.budget_exceeded boundary.rate_limited boundary.bulkhead_full boundary.upstream_429
    agents.cut_off agents.nothing_left agents.too_many_agents agents.too_many_calls
    context.no_room context.too_large models.context_overflow models.text_too_long
    mcp.rate_limited mcp.message_too_large cli.input_too_long store.full
    api.rate_limited api.too_large skills.archive_too_large store.budget_differs store.budget_overreturned`),
  "F-SEC": namesIn(`
    api.forbidden api.wrong_host api.unauthenticated api.workspace_refused
    boundary.policy_denied boundary.egress_blocked agents.filtered evaluation.path_escape
    evaluation.place_refused sandbox.folder_refused workspace.path_refused store.wrong_tenant
    skills.archive_unsafe_path skills.archive_link skills.archive_special
    skills.archive_encrypted audit.bad_export audit.bad_head audit.bad_key`),
  "F-DEP": namesIn(`
    boundary.circuit_open boundary.upstream_4xx boundary.upstream_5xx boundary.transport
    store.unreachable models.stream_ended models.stream_error mcp.login_failed mcp.not_open
    mcp.login_required`),
  "F-VAL": namesIn(`
    boundary.invalid_response agents.sub_agent_refuted agents.sub_agent_unchecked
    evaluation.reward_missing evaluation.reward_unparsable evaluation.reward_not_a_number
    mcp.invalid_listing mcp.not_json_rpc engine.invalid_match models.replay_exhausted
    models.script_exhausted durable.nondeterministic durable.version_mismatch
    engine.malformed_run engine.malformed_logins tools.invalid_arguments tools.malformed_arguments events.malformed`),
  "F-REV": namesIn(`
    boundary.approval_required boundary.approval_denied boundary.approval_expired
    evaluation.agent_parked
    store.approval_expired`),
  "F-UNK": namesIn(`
    boundary.internal boundary.outcome_unknown internal.unexpected internal.unreachable
    store.outcome_unknown store.bad_event durable.outcome_unhandled`),
};

/** What the words of a name say, whatever the room. The first that fits holds. */
const byName: readonly (readonly [RegExp, FailureClass])[] = [
  [/(?:^|_)timeout$/, "F-TMO"],
  [/_cancelled$/, "F-EXE"],
  [/^(?:bad|malformed|unknown|unreadable|invalid|missing|duplicate)(?:_|$)/, "F-INP"],
  [/_(?:malformed|unreadable|missing|unsupported)$/, "F-INP"],
  [/_failed$/, "F-EXE"],
];

/** What is left of each room. */
const byRoom: Readonly<Record<string, FailureClass>> = {
  agents: "F-EXE",
  api: "F-ENV",
  durable: "F-ENV",
  engine: "F-EXE",
  evaluation: "F-EXE",
  http: "F-INP",
  learning: "F-INP",
  messaging: "F-INP",
  policy: "F-INP",
  sandbox: "F-ENV",
  secrets: "F-INP",
  serve: "F-INP",
  skills: "F-INP",
  store: "F-ENV",
  telemetry: "F-ENV",
  alerts: "F-INP",
  workspace: "F-ENV",
};

const known = new Map(
  Object.entries(byCode).flatMap(([failureClass, codes]) =>
    codes.map((code) => [code, failureClass as FailureClass] as const),
  ),
);

/** The class of a failure, by its error's code. A code that is not of ours is `F-UNK`. */
export function failureClassOf(code: string): FailureClass {
  const listed = known.get(code);
  if (listed !== undefined) return listed;
  const [room = "", name = ""] = code.split(".");
  if (!Object.hasOwn(byRoom, room) && !roomsOfNames.has(room)) return "F-UNK";
  const named = byName.find(([words]) => words.test(name))?.[1];
  return named ?? byRoom[room] ?? "F-UNK";
}

/** Rooms that need no class of their own: what they have is named by its words, or listed. */
const roomsOfNames = new Set(["config", "models", "tools", "mcp", "cli", "audit"]);

/** The codes that are listed by themselves, for the test that none of them is stale. */
export const listedCodes: readonly string[] = [...known.keys()];

import type { Agent33Error } from "../base/errors.ts";

/**
 * Errors in what a person wrote or named: on the command line, in the settings, in a file of theirs.
 * By room; what is not here failed though it was asked for rightly. The one table for all commands.
 */
export const wrongInput: Readonly<Record<string, readonly string[]>> = {
  agents: [
    "ambiguous",
    "cycle",
    "duplicate",
    "malformed",
    "unknown",
    "unknown_domain",
    "unknown_effort",
    "unknown_tenant",
    "unreadable",
  ],
  cli: ["*"],
  config: ["*"],
  durable: ["unknown_run"],
  engine: [
    "check_without_workspace",
    "data_in_workspace",
    "environment",
    "invalid_answer",
    "invalid_inputs",
    "model_missing",
    "no_embeddings",
    "no_replay",
    "no_webhook_secret",
    "not_a_question",
    "nothing_said",
    "once_without_tools",
    "replay_of_replay",
    "shell_without_workspace",
    "unknown_connector",
    "unknown_run",
    "unknown_server",
    "workspace_missing",
  ],
  evaluation: [
    "copy_unsupported",
    "dockerfile_malformed",
    "dockerfile_unsupported",
    "duplicate_trial",
    "instruction_missing",
    "layout_unsupported",
    "no_common_task",
    "path_escape",
    "several_conditions",
    "source_missing",
    "task_digests_differ",
    "task_malformed",
    "task_not_found",
    "task_unreadable",
    "tests_missing",
    "verifier_env_missing",
  ],
  learning: ["bad_*", "unknown_*"],
  messaging: ["bad_*"],
  models: [
    "base_url_unused",
    "malformed_*",
    "missing_*",
    "no_embeddings",
    "nothing_to_replay",
    "unknown_provider",
    "unreadable_script",
    "unusable_fallback",
  ],
  policy: [
    "duplicate_*",
    "extends_cycle",
    "impossible_call",
    "malformed_*",
    "never_matches",
    "no_pack",
    "pointless",
    "shadowed",
    "unknown_*",
    "unreadable_pack",
  ],
  sandbox: ["folder_refused", "invalid_command"],
  skills: ["folder_not_found", "folder_unreadable"],
  store: [
    "ambiguous_id",
    "bad_address",
    "bad_cursor",
    "bad_limit",
    "bad_tenant",
    "same_store",
    "target_not_empty",
    "unknown_approval",
    "unknown_quarantined",
    "unknown_run",
    "unknown_source",
    "unreadable_source",
    "use_copy",
  ],
};

/** Whether it was asked for wrongly, so that asking again in the same way fails again. */
export function isWrongInput({ code }: Pick<Agent33Error, "code">): boolean {
  const [room = "", name = ""] = code.split(".");
  return (wrongInput[room] ?? []).some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

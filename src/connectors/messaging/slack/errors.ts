import { BoundaryError } from "../../../boundary/errors.ts";

/** Refusals that are about the credentials: what to do is the same for all of them. */
const credentials = new Set([
  "account_inactive",
  "invalid_auth",
  "missing_scope",
  "no_permission",
  "not_allowed_token_type",
  "not_authed",
  "org_login_required",
  "token_expired",
  "token_revoked",
]);
const places: Readonly<Record<string, string>> = {
  channel_not_found:
    "Check the channel in the settings; a private one must have the bot as a member.",
  is_archived: "The channel is archived. Name another one in the settings.",
  not_in_channel: "Invite the bot to the channel: /invite @bot.",
  restricted_action: "The workspace does not let the bot post there.",
};
const busy = new Set(["message_limit_exceeded", "rate_limited", "ratelimited"]);
const outage = new Set([
  "fatal_error",
  "internal_error",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
]);

/** Slack says no with status 200 and a word (`{"ok":false,"error":"channel_not_found"}`). */
export function slackError(word: string): BoundaryError {
  const message = `Slack refused: ${word.slice(0, 100)}.`;
  if (busy.has(word)) return new BoundaryError("upstream_429", message);
  if (outage.has(word)) return new BoundaryError("upstream_5xx", message);
  const hint = credentials.has(word) ? credentialsHint : places[word];
  return new BoundaryError("upstream_4xx", message, hint === undefined ? {} : { hint });
}

export const credentialsHint =
  "Check the token in the connector's tokenVariable, and that its app has the scope chat:write.";

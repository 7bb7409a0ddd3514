import { formatMicroUsd } from "../base/money.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { AuditCheck, Engine } from "../engine.ts";
import { oneLine, type Output } from "./output.ts";
import { block, fields, utc } from "./text.ts";

type Entry = ReturnType<Engine["store"]["audit"]["find"]>;

export const auditHead = [
  "CALL",
  "AT (UTC)",
  "CONNECTOR",
  "OPERATION",
  "DECISION",
  "OUTCOME",
  "COST",
  "TOKENS",
  "CONNECTED",
] as const;

/** One call in a list. */
export function auditRow({ record, ...entry }: Entry): readonly string[] {
  return [
    entry.callId,
    utc(entry.at),
    oneLine(entry.connector, 30),
    oneLine(operationOf(entry.operation, record), 40),
    entry.decision,
    entry.outcome,
    costOf(record) ?? "-",
    tokensOf(record) ?? "-",
    connectedOf(record) ?? "-",
  ];
}

/** One call with all that was recorded. */
export function callText({ record, ...entry }: Entry): string {
  const decision = objectIn(record, "decision");
  const principal = objectIn(record, "principal");
  const head = fields([
    ["call", entry.callId],
    ["at", `${utc(entry.at)} UTC`],
    ["state", entry.state === "open" ? "open: how it ended is not known (yet)" : "closed"],
    ["run", entry.runId ?? undefined],
    ["by", [textIn(principal, "user"), textIn(principal, "agent")].filter(Boolean).join(", ")],
    ["connector", oneLine(entry.connector, 200)],
    ["operation", oneLine(operationOf(entry.operation, record), 200)],
    ["tool digest", textIn(record, "toolDigest")],
    ["effect", `${textIn(record, "effect") ?? "?"}, ${textIn(record, "repeat") ?? "?"}`],
    ["target", targetOf(record)],
    ["connected", connectedOf(record)],
    ["arguments", textIn(record, "argsDigest")],
    ["decision", `${entry.decision} by ${oneLine(entry.ruleId, 200)}`],
    ["reason", textIn(decision, "reason")],
    ["matched", listIn(decision, "matched")],
    ["policy", textIn(decision, "policyVersion")],
    ["approval", textIn(record, "approvalId")],
    ["key", textIn(record, "idempotencyKey")],
    ["outcome", entry.outcome],
    ["took", msOf(record["durationMs"])],
    ["cost", costOf(record)],
    ["tokens", tokensOf(record)],
  ]);
  const error = record["error"];
  return `${head}${block("attempts", attemptsOf(record))}${block("error", error === undefined ? "" : JSON.stringify(error, undefined, 1))}`;
}

/** The verdict about an audit, with each finding. */
export function checkText(check: AuditCheck, { style }: Output): string {
  const end = check.end === null ? undefined : `${check.end.position}:${check.end.hash}`;
  const head = fields([
    ["audit of", check.tenant],
    ["links", String(check.links)],
    ["records", `${check.records} as they were linked`],
    ["pending", `${check.pending} not linked yet`],
    ["checkpoints", String(check.checkpoints)],
    [
      "removed",
      check.removedUpTo === 0
        ? undefined
        : `up to place ${check.removedUpTo}, as the audit says itself`,
    ],
    ["end", end],
    ["key", check.keyId ?? undefined],
  ]);
  const found = check.findings.map(
    ({ kind, about, message }) => `${style.red(kind)} ${about}: ${oneLine(message, 500)}`,
  );
  const more = check.found - check.findings.length;
  const verdict = check.ok
    ? style.green("Nothing was changed, removed, inserted, reordered or cut off.")
    : [...found, ...(more > 0 ? [`… and ${more} more`] : [])].join("\n");
  return `${head}\n${(check.publicKey ?? "").trim()}\n${verdict}`;
}

function operationOf(operation: string, record: JsonObject): string {
  const tool = textIn(record, "tool");
  // A server in the sandbox is a write; of one that runs outside nobody can say what it does.
  const free = operation === "session/open" && textIn(record, "effect") === "unknown";
  return [operation, ...(tool === undefined ? [] : [tool]), ...(free ? ["(unconfined)"] : [])].join(
    " ",
  );
}

function targetOf(record: JsonObject): string | undefined {
  const [host, port] = [textIn(record, "host"), record["port"]];
  if (host === undefined) return undefined;
  return typeof port === "number" ? `${host}:${port}` : host;
}

/** The addresses that were really connected to. */
function connectedOf(record: JsonObject): string | undefined {
  return listIn(record, "connectedTo");
}

function costOf(record: JsonObject): string | undefined {
  const cost = objectIn(record, "spend")["costMicroUsd"];
  return typeof cost === "number" ? formatMicroUsd(cost) : undefined;
}

function tokensOf(record: JsonObject): string | undefined {
  const tokens = objectIn(record, "spend")["tokens"];
  return typeof tokens === "number" ? String(tokens) : undefined;
}

function attemptsOf(record: JsonObject): string {
  const attempts = record["attempts"];
  if (!Array.isArray(attempts)) return "";
  return (attempts as readonly JsonValue[])
    .filter(isJsonObject)
    .map((one, index) => {
      const [after, took] = [msOf(one["startedAtMs"]), msOf(one["durationMs"])];
      return `${index + 1}  after ${after ?? "?"}, took ${took ?? "?"}: ${textIn(one, "outcome") ?? "?"}`;
    })
    .join("\n");
}

function msOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "number" ? `${Math.round(value * 10) / 10} ms` : undefined;
}

function textIn(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === "string" ? oneLine(value, 500) : undefined;
}

function listIn(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return Array.isArray(value) && value.length > 0 ? oneLine(value.join(", "), 500) : undefined;
}

function objectIn(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

import {
  type ActiveRule,
  type Alert,
  type AlertDetails,
  alertValueText,
  runbookAddress,
} from "../../../engine.ts";
import { oneLine } from "../../output.ts";
import { entries, fields, utc } from "../../text.ts";

/** The head of a table of alerts. */
export const alertHead = ["ALERT", "RULE", "STATE", "SEVERITY", "OWNER", "SINCE", "VALUE", "ABOUT"];

/** One alert as a row. */
export function alertRow(alert: Alert, rules: readonly ActiveRule[]): readonly string[] {
  const unit = rules.find(({ name }) => name === alert.rule)?.unit ?? "number";
  return [
    alert.id,
    alert.rule,
    alert.acknowledged === null ? alert.state : `${alert.state}, taken on`,
    alert.severity,
    alert.owner,
    utc(alert.firedAt ?? alert.beganAt),
    alertValueText(alert.value, unit),
    oneLine(labelsText(alert.labels), 80),
  ];
}

/** Labels in one line. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return all.length === 0 ? "the installation" : all.join(" ");
}

/** All that is known of an alert. */
export function alertText({ alert, rule, history, notices, silences }: AlertDetails): string {
  const taken = alert.acknowledged;
  const when = (at: number | null): string | undefined => (at === null ? undefined : utc(at));
  return [
    fields([
      ["alert", alert.id],
      ["rule", alert.rule],
      ["summary", alert.summary],
      ["state", alert.state],
      ["severity", alert.severity],
      ["owner", alert.owner],
      ["about", labelsText(alert.labels)],
      ["value", alertValueText(alert.value, rule?.unit ?? "number")],
      ["began", utc(alert.beganAt)],
      ["fired", when(alert.firedAt)],
      ["over", when(alert.resolvedAt)],
      ["times", String(alert.episode)],
      [
        "taken on",
        taken === null ? undefined : `${utc(taken.at)} by ${taken.by}${colon(taken.note)}`,
      ],
      ["page", rule === undefined ? undefined : runbookAddress(rule.runbook)],
    ]),
    entries(
      "Not told, because it is silenced",
      silences.map(
        ({ id, reason, by, endsAt }) => `${id} until ${utc(endsAt)} by ${by}: ${reason}`,
      ),
    ),
    entries(
      "To be told",
      notices.map(({ receiver, state, attempts, lastError }) => {
        const what = state === "due" ? "not told yet" : "told";
        const failed = attempts === 0 ? "" : `, ${attempts} times in vain: ${lastError ?? ""}`;
        return `${receiver}: ${what}${failed}`;
      }),
    ),
    entries(
      "What became of it",
      history.map(
        ({ at, kind, by, note }) =>
          `${utc(at)} ${kindText(kind)}${by === null ? "" : ` by ${by}`}${colon(note)}`,
      ),
    ),
  ].join("");
}

/** What became of an alert, in words. */
export const kindText = (kind: string): string => kind.replaceAll("_", " ");

const colon = (text: string): string => (text === "" ? "" : `: ${text}`);

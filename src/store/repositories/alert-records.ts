import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { problemsOf } from "../../learning/problems.ts";
import { storableText } from "../../learning/text.ts";
import { badRow, jsonIn } from "../damage.ts";

const name = storableText(1, 200);
const text = storableText(0, 4_000);
/** Milliseconds since the Unix epoch. */
const time = z.int().min(0);

/** Who has taken an alert on, and what they said. */
const acknowledgementSchema = z.strictObject({ by: name, at: time, note: text });
export type AlertAcknowledgement = z.infer<typeof acknowledgementSchema>;

/** What an alert is besides its columns. */
export const alertBody = z.strictObject({
  labels: z.record(z.string(), z.string()),
  severity: z.enum(["page", "ticket", "info"]),
  owner: name,
  summary: text,
  value: z.number(),
  /** Counts the times that it fired. */
  episode: z.int().min(0),
  /** Since when its condition holds. */
  beganAt: time,
  /** When its condition was last found to hold, to half a minute. */
  seenAt: time,
  firedAt: time.nullable(),
  resolvedAt: time.nullable(),
  acknowledged: acknowledgementSchema.nullable(),
});
export const alertSchema = alertBody.extend({
  /** Its rule and labels, as a digest: the same whenever it fires. */
  id: name,
  rule: name,
  /** Whom it is about; null where it is about the installation. */
  aboutTenant: name.nullable(),
  state: z.enum(["pending", "firing", "resolved"]),
  updatedAt: time,
});
/** One alert as it stands. */
export type StoredAlert = z.infer<typeof alertSchema>;

export const historyBody = z.strictObject({ by: name.nullable(), note: text });
/** What can become of an alert. */
export const alertNews = [
  "fired",
  "resolved",
  "acknowledged",
  "unacknowledged",
  "told",
  "telling_failed",
  "silenced",
  "unsilenced",
] as const;
export const historySchema = historyBody.extend({
  id: name,
  alertId: name,
  rule: name,
  aboutTenant: name.nullable(),
  at: time,
  kind: z.enum(alertNews),
});
/** One thing that became of an alert. */
export type AlertHistoryEntry = z.infer<typeof historySchema>;

export const noticeBody = z.strictObject({
  attempts: z.int().min(0),
  toldAt: time.nullable(),
  lastError: text.nullable(),
});
export const noticeSchema = noticeBody.extend({
  alertId: name,
  episode: z.int().min(1),
  receiver: name,
  /** `due`: nothing is told yet; `told`: that it fires; `done`: that it is over, or nothing more. */
  state: z.enum(["due", "told", "done"]),
  /** Not to be tried before. */
  nextAt: time,
});
/** What a receiver is to be told of one time that an alert fires. */
export type AlertNotice = z.infer<typeof noticeSchema>;

export const silenceBody = z.strictObject({
  /** Label to value; `rule`, `owner` and `severity` count as labels. All have to be equal. */
  matchers: z.record(name, name).refine((all) => Object.keys(all).length > 0, "Give a label"),
  reason: storableText(1, 1_000),
  by: name,
  createdAt: time,
  startsAt: time,
  endedBy: name.nullable(),
});
export const silenceSchema = silenceBody.extend({
  id: name,
  /** Where only what is about this tenant is silenced. */
  aboutTenant: name.nullable(),
  endsAt: time,
});
/** What is not told for a time. */
export type AlertSilence = z.infer<typeof silenceSchema>;

/** @throws Agent33Error `store.bad_alert` */
export function checkedAlert<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error);
  throw new Agent33Error("store.bad_alert", `Bad alert or silence: ${problems.join("; ")}.`, {
    hint: "Give texts of a reasonable length, and a silence at least one label and a reason.",
    details: { problems },
    cause: parsed.error,
  });
}

/** What a row's body holds. @throws Agent33Error `store.bad_row` */
export function bodyIn<Schema extends z.ZodType>(
  schema: Schema,
  table: string,
  id: string,
  body: string,
): z.output<Schema> {
  const parsed = schema.safeParse(jsonIn(table, id, body));
  if (parsed.success) return parsed.data;
  throw badRow(table, id, problemsOf(parsed.error).join("; "), parsed.error);
}

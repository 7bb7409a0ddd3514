import type { JsonValue } from "../base/json.ts";
import type { Mail } from "./contract.ts";
import type { SqlSession } from "./ports.ts";

/** Puts a message in; false where a message with this key is there already, read or not. */
export function putMail(
  sql: SqlSession,
  runId: string,
  mail: Mail & { readonly key: string },
  now: number,
): boolean {
  const { changes } = sql.run(
    `INSERT INTO durable_messages (run_id, topic, key, payload, sent_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (run_id, key) DO NOTHING`,
    runId,
    mail.topic,
    mail.key,
    JSON.stringify(mail.payload),
    now,
  );
  return changes === 1;
}

/** The topics of unread messages. */
export function unreadTopics(sql: SqlSession, runId: string): ReadonlySet<string> {
  const rows = sql.all(
    "SELECT DISTINCT topic FROM durable_messages WHERE run_id = ? AND taken_by IS NULL",
    runId,
  );
  return new Set(rows.map(({ topic }) => String(topic)));
}

/** All messages of a topic, read or not, oldest first. */
export function sentMail(sql: SqlSession, runId: string, topic: string): readonly Mail[] {
  return sql
    .all(
      "SELECT payload FROM durable_messages WHERE run_id = ? AND topic = ? ORDER BY seq",
      runId,
      topic,
    )
    .map((row) => ({ topic, payload: JSON.parse(String(row["payload"])) as JsonValue }));
}

/** Takes the oldest unread message of a topic for the step at `position`. */
export function takeMail(
  sql: SqlSession,
  runId: string,
  topic: string,
  position: number,
): Mail | null {
  const row = sql.get(
    `SELECT seq, payload FROM durable_messages
     WHERE run_id = ? AND topic = ? AND taken_by IS NULL ORDER BY seq LIMIT 1`,
    runId,
    topic,
  );
  if (row === undefined) return null;
  sql.run("UPDATE durable_messages SET taken_by = ? WHERE seq = ?", position, Number(row["seq"]));
  return { topic, payload: JSON.parse(String(row["payload"])) as JsonValue };
}

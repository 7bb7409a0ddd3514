import type { Answer, Statement } from "../program.ts";
import type { SqlSession } from "./session.ts";

const nothing: Answer = { rows: [], changes: 0 };

/** What SQLite says to one statement of a program. It has one writer, so a lock is held already. */
export function answerOf(session: SqlSession, statement: Statement): Answer {
  if (statement.want === "lock") return nothing;
  const { text, parameters } = statement;
  if (statement.want !== "changes") return { rows: session.all(text, ...parameters), changes: 0 };
  return { rows: [], changes: session.run(text, ...parameters).changes };
}

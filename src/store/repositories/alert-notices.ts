import { change, lock, type Program, read, select, write } from "../program.ts";
import { queries } from "../queries.ts";
import type { AlertNoticesTable } from "../tables.ts";
import {
  type AlertNotice,
  bodyIn,
  checkedAlert,
  noticeBody,
  noticeSchema,
} from "./alert-records.ts";
import type { RepositoryContext } from "./context.ts";

/** What receivers of an installation are to be told of its alerts: nothing is lost over a restart. */
export function alertNoticesRepository({ tenant }: RepositoryContext) {
  return {
    /** Those that are not done with, in the order of alerts. */
    open: read(function* (): Program<readonly AlertNotice[]> {
      const found = yield* select(
        queries
          .selectFrom("alert_notices")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("state", "in", ["due", "told"])
          .orderBy("alert_id")
          .orderBy("episode")
          .orderBy("receiver"),
      );
      return found.map(noticeOf);
    }),
    /** Makes those that are not there yet. @throws Agent33Error `store.bad_alert` */
    ensure: write(function* (
      notices: readonly Pick<AlertNotice, "alertId" | "episode" | "receiver" | "nextAt">[],
    ): Program<void> {
      for (const given of notices) {
        const fresh = { state: "due", attempts: 0, toldAt: null, lastError: null, ...given };
        const notice = checkedAlert(noticeSchema, fresh);
        const { alertId, episode, receiver, state, nextAt, ...body } = notice;
        yield* change(
          `INSERT INTO alert_notices (tenant, alert_id, episode, receiver, state, next_at, body)
           VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (tenant, alert_id, episode, receiver) DO NOTHING`,
          tenant,
          alertId,
          episode,
          receiver,
          state,
          nextAt,
          JSON.stringify(body),
        );
      }
    }),
    /** Keeps what came of telling. @throws Agent33Error `store.bad_alert` */
    put: write(function* (notices: readonly AlertNotice[]): Program<void> {
      for (const given of notices) {
        const notice = checkedAlert(noticeSchema, given);
        const { alertId, episode, receiver, state, nextAt, ...body } = notice;
        yield* lock("alert notice", tenant, alertId, receiver);
        yield* change(
          `UPDATE alert_notices SET state = ?, next_at = ?, body = ?
           WHERE tenant = ? AND alert_id = ? AND episode = ? AND receiver = ?`,
          state,
          nextAt,
          JSON.stringify(body),
          tenant,
          alertId,
          episode,
          receiver,
        );
      }
    }),
  };
}

function noticeOf(row: AlertNoticesTable): AlertNotice {
  const { alert_id: alertId, episode, receiver, state, next_at: nextAt } = row;
  const body = bodyIn(noticeBody, "alert_notices", `${alertId}/${receiver}`, row.body);
  return { ...body, alertId, episode, receiver, state, nextAt };
}

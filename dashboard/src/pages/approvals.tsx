import { useState } from "react";
import { type Approval, api } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Badge } from "../parts/badge.tsx";
import type { Tone } from "../parts/tone.ts";
import { DataTable } from "../parts/data-table.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Moment } from "../parts/units.tsx";
import { Questions } from "./questions.tsx";

/** Calls that wait for a person, and those that were decided. */
export function Approvals() {
  const loaded = useLoaded(
    (signal) => api.listApprovals({ state: "pending" }, { signal }),
    "pending",
    2_000,
  );
  return (
    <>
      <h1>Approvals</h1>
      <Loading of={loaded} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No call waits for you">
              A policy decides what is asked about: <Command>agent33 policy explain --help</Command>
            </Empty>
          ) : (
            <Questions approvals={items} onDecided={loaded.reload} />
          )
        }
      </Loading>
      <Decided />
    </>
  );
}

const tones: Readonly<Record<string, Tone>> = {
  approved: "good",
  consumed: "good",
  denied: "bad",
  expired: "warn",
};
const words: Readonly<Record<string, string>> = { consumed: "approved, and made" };
const shownAtFirst = 50;

function Decided() {
  const now = useNow(10_000);
  const [limit, setLimit] = useState(shownAtFirst);
  const loaded = useLoaded((signal) => api.listApprovals({}, { signal }), "all", 5_000);
  return (
    <section aria-labelledby="decided">
      <h2 id="decided">Decided</h2>
      <Loading of={loaded} lines={6}>
        {({ items }) => {
          const decided = items.filter(({ state }) => state !== "pending").toReversed();
          return decided.length === 0 ? (
            <p className="muted quiet-line">Nothing was decided yet.</p>
          ) : (
            <DataTable<Approval>
              label="Approvals that were decided"
              rows={decided.slice(0, limit)}
              keyOf={({ id }) => id}
              more={decided.length > limit ? () => setLimit(limit + 100) : undefined}
              columns={[
                {
                  key: "state",
                  title: "State",
                  cell: ({ state }) => (
                    <Badge tone={tones[state] ?? "plain"}>{words[state] ?? state}</Badge>
                  ),
                  sort: ({ state }) => state,
                },
                {
                  key: "call",
                  title: "Call",
                  isWide: true,
                  cell: ({ summary }) => <code className="clamp">{summary}</code>,
                  sort: ({ summary }) => summary,
                },
                {
                  key: "rule",
                  title: "Rule",
                  cell: ({ ruleId }) => <code>{ruleId}</code>,
                  sort: ({ ruleId }) => ruleId,
                },
                {
                  key: "by",
                  title: "By",
                  cell: ({ decidedBy }) => decidedBy ?? <span className="muted">nobody</span>,
                  sort: ({ decidedBy }) => decidedBy ?? "",
                },
                {
                  key: "note",
                  title: "Why",
                  cell: ({ note }) =>
                    note === null ? (
                      <span className="muted">–</span>
                    ) : (
                      <span className="clamp" title={note}>
                        {note}
                      </span>
                    ),
                  sort: ({ note }) => note ?? "",
                },
                {
                  key: "at",
                  title: "At",
                  isNumber: true,
                  cell: ({ decidedAt, expiresAt }) => (
                    <Moment at={decidedAt ?? expiresAt} now={now} />
                  ),
                  sort: ({ decidedAt, expiresAt }) => decidedAt ?? expiresAt,
                },
              ]}
            />
          );
        }}
      </Loading>
    </section>
  );
}

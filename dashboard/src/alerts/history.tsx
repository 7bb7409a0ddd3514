import { type AlertHistoryEntry, api } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { usePages } from "../data/use-pages.ts";
import { DataTable } from "../parts/data-table.tsx";
import { Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Moment } from "../parts/units.tsx";

/** What became of one alert, the newest first. */
export function HistoryList({ entries }: { readonly entries: readonly AlertHistoryEntry[] }) {
  const now = useNow(30_000);
  if (entries.length === 0) return <p className="small muted">Nothing is kept of it.</p>;
  return (
    <ul className="reasons">
      {entries.map(({ id, at, kind, by, note }) => (
        <li key={id}>
          <Moment at={at} now={now} /> {kind.replaceAll("_", " ")}
          {by === null ? "" : ` by ${by}`}
          {note === "" ? "" : `: ${note}`}
        </li>
      ))}
    </ul>
  );
}

/** What became of all alerts. */
export function History() {
  const now = useNow(30_000);
  const loaded = usePages<AlertHistoryEntry>(
    (page, signal) => api.listAlertHistory(page, { signal }),
    "history",
    15_000,
  );
  return (
    <Loading of={loaded} lines={8}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing has happened yet">
            What alerts do stands here, with who did what.
          </Empty>
        ) : (
          <DataTable
            label="What became of alerts"
            rows={items}
            keyOf={({ id }) => id}
            more={loaded.more}
            columns={[
              {
                key: "at",
                title: "When",
                cell: ({ at }) => <Moment at={at} now={now} />,
                sort: ({ at }) => at,
              },
              { key: "rule", title: "Alert", cell: ({ rule }) => rule, sort: ({ rule }) => rule },
              {
                key: "kind",
                title: "What",
                cell: ({ kind }) => kind.replaceAll("_", " "),
                sort: ({ kind }) => kind,
              },
              {
                key: "by",
                title: "Who",
                cell: ({ by }) => by ?? <span className="muted">the engine</span>,
                sort: ({ by }) => by ?? "",
              },
              {
                key: "note",
                title: "Note",
                isWide: true,
                cell: ({ note, tenant }) => (
                  <>
                    {note}
                    {tenant === null ? null : <span className="muted small"> {tenant}</span>}
                  </>
                ),
              },
            ]}
          />
        )
      }
    </Loading>
  );
}

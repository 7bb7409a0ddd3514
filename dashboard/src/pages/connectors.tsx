import { type AuditEntry, api, type Connector } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { usePages } from "../data/use-pages.ts";
import { Badge } from "../parts/badge.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Duration, Moment } from "../parts/units.tsx";
import { Link, setQuery, usePlace } from "../router.tsx";
import { useSession } from "../session.ts";
import { Breakers } from "./breakers.tsx";

/** What calls go out through, what keeps them from being made, and the calls themselves. */
export function Connectors() {
  const { may } = useSession();
  return (
    <>
      <h1>Connectors</h1>
      <Inventory />
      <Breakers />
      {may("audit:read") ? <Calls /> : null}
    </>
  );
}

function Inventory() {
  const loaded = useLoaded((signal) => api.listConnectors({}, { signal }), "connectors", 10_000);
  return (
    <Loading of={loaded} lines={6}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing goes out yet">
            Add a server or an API: <Command>agent33 connectors add --help</Command>
          </Empty>
        ) : (
          <DataTable<Connector>
            label="Connectors"
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              {
                key: "state",
                title: "State",
                cell: ({ problem, breaker }) =>
                  problem !== null ? (
                    <Badge tone="bad">cannot be used</Badge>
                  ) : breaker === "closed" ? (
                    <Badge tone="good">ready</Badge>
                  ) : (
                    <Badge tone="bad">{`breaker ${breaker.replace("_", " ")}`}</Badge>
                  ),
                sort: ({ problem, breaker }) => (problem === null ? breaker : "problem"),
              },
              {
                key: "name",
                title: "Connector",
                isWide: true,
                cell: (item) => <Name item={item} />,
                sort: ({ id }) => id,
              },
              { key: "kind", title: "Kind", cell: ({ kind }) => kind, sort: ({ kind }) => kind },
              {
                key: "policy",
                title: "Policy",
                cell: ({ policy }) => (
                  <ul className="policy">
                    {policy.map(({ effect, decision, rule }) => (
                      <li key={effect} title={rule}>
                        {effect}{" "}
                        <Badge
                          tone={
                            decision === "allow" ? "plain" : decision === "ask" ? "warn" : "bad"
                          }
                        >
                          {decision}
                        </Badge>
                      </li>
                    ))}
                  </ul>
                ),
              },
              {
                key: "confined",
                title: "Confined",
                cell: ({ confined }) => (confined === null ? "–" : confined ? "yes" : "no"),
              },
            ]}
          />
        )
      }
    </Loading>
  );
}

function Name({ item }: { readonly item: Connector }) {
  const { id, problem, lastError, note } = item;
  return (
    <>
      <code>{id}</code>
      {note === null ? null : <p className="muted small">{note}</p>}
      {problem === null ? null : (
        <p className="bad-text small">
          {problem.message} <code>{problem.code}</code> {problem.hint ?? ""}
        </p>
      )}
      {lastError === null ? null : (
        <p className="muted small">
          last error: {lastError.message} <code>{lastError.code}</code>
        </p>
      )}
    </>
  );
}

const decisions = ["allow", "ask", "deny"] as const;

function Calls() {
  const now = useNow(10_000);
  const { query } = usePlace();
  const decision = decisions.find((word) => word === query.get("decision"));
  const connector = query.get("connector") ?? "";
  const filter = { decision, connector: connector === "" ? undefined : connector };
  const loaded = usePages<AuditEntry>(
    (page, signal) => api.listAudit({ ...page, ...filter }, { signal }),
    `calls ${decision ?? ""} ${connector}`,
    5_000,
  );
  return (
    <section aria-labelledby="calls">
      <h2 id="calls">Calls</h2>
      <div className="filters">
        <label>
          <span>Connector, in full</span>
          <input
            key={connector}
            type="search"
            defaultValue={connector}
            onBlur={(event) => setQuery({ connector: event.target.value.trim() })}
            onKeyDown={(event) => {
              if (event.key === "Enter") setQuery({ connector: event.currentTarget.value.trim() });
            }}
          />
        </label>
        <label>
          <span>Decision</span>
          <select
            value={decision ?? ""}
            onChange={(event) => setQuery({ decision: event.target.value })}
          >
            <option value="">any</option>
            {decisions.map((word) => (
              <option key={word}>{word}</option>
            ))}
          </select>
        </label>
      </div>
      <Loading of={loaded} lines={8}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted quiet-line">No call fits.</p>
          ) : (
            <DataTable<AuditEntry>
              label="Calls"
              rows={items}
              keyOf={({ callId }) => callId}
              more={loaded.more}
              columns={[
                {
                  key: "outcome",
                  title: "Outcome",
                  cell: ({ state, outcome }) =>
                    state === "open" ? (
                      <Badge tone="busy">open</Badge>
                    ) : (
                      <Badge tone={outcome === "ok" ? "good" : "bad"}>{outcome}</Badge>
                    ),
                  sort: ({ outcome }) => outcome,
                },
                {
                  key: "call",
                  title: "Call",
                  isWide: true,
                  cell: ({ connector: through, operation }) => (
                    <>
                      <code>{through}</code> <code className="muted">{operation}</code>
                    </>
                  ),
                  sort: ({ connector: through }) => through,
                },
                {
                  key: "decision",
                  title: "Rule",
                  cell: ({ decision: word, ruleId }) => (
                    <>
                      {word} <code className="muted">{ruleId}</code>
                    </>
                  ),
                  sort: ({ ruleId }) => ruleId,
                },
                {
                  key: "run",
                  title: "Run",
                  cell: ({ runId }) =>
                    runId === null ? (
                      <span className="muted">–</span>
                    ) : (
                      <Link href={`/runs/${runId}`}>
                        <code>{runId.slice(-8)}</code>
                      </Link>
                    ),
                },
                {
                  key: "time",
                  title: "Time",
                  isNumber: true,
                  cell: ({ record }) => <Duration ms={durationOf(record)} />,
                  sort: ({ record }) => durationOf(record) ?? -1,
                },
                {
                  key: "at",
                  title: "At",
                  isNumber: true,
                  cell: ({ at }) => <Moment at={at} now={now} />,
                  sort: ({ at }) => at,
                },
              ]}
            />
          )
        }
      </Loading>
    </section>
  );
}

/** How long a call took, where its record says so. Milliseconds. */
function durationOf(record: AuditEntry["record"]): number | null {
  const { durationMs } = record;
  return typeof durationMs === "number" ? durationMs : null;
}

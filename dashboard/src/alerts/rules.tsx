import type { AlertRule } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { Empty } from "../parts/empty.tsx";
import { durationText } from "../parts/texts.ts";

/** The alerts that are on: who has them, from when on they fire, and what to do then. */
export function Rules({ rules }: { readonly rules: readonly AlertRule[] }) {
  if (rules.length === 0) {
    return <Empty title="No alert is on">All of them are switched off under alerts.rules.</Empty>;
  }
  return (
    <DataTable
      label="Rules"
      rows={rules}
      keyOf={({ name }) => name}
      columns={[
        {
          key: "name",
          title: "Alert",
          isWide: true,
          cell: ({ name, summary, runbook }) => (
            <>
              <strong>{name}</strong>
              <p className="small">{summary}</p>
              <p className="small muted">
                <a href={`/${runbook}`} target="_blank" rel="noreferrer">
                  What to do
                </a>
              </p>
            </>
          ),
          sort: ({ name }) => name,
        },
        {
          key: "severity",
          title: "Severity",
          cell: ({ severity }) => (
            <Badge tone={severity === "page" ? "bad" : severity === "ticket" ? "warn" : "plain"}>
              {severity}
            </Badge>
          ),
          sort: ({ severity }) => severity,
        },
        {
          key: "owner",
          title: "Owner, and who is told",
          cell: ({ owner, receivers }) => (
            <>
              {owner}
              <p className="small muted">
                {receivers.length === 0 ? "nobody is told" : receivers.join(", ")}
              </p>
            </>
          ),
          sort: ({ owner }) => owner,
        },
        {
          key: "thresholds",
          title: "Thresholds",
          cell: ({ thresholds, forSeconds }) => (
            <ul className="reasons">
              {Object.entries(thresholds).map(([name, value]) => (
                <li key={name}>
                  {name} {value}
                </li>
              ))}
              {forSeconds === 0 ? null : <li>for {durationText(forSeconds * 1_000)}</li>}
            </ul>
          ),
        },
      ]}
    />
  );
}

import { type AlertSilence, api } from "../api.ts";
import { useNow } from "../data/clock.ts";
import type { Loaded } from "../data/use-loaded.ts";
import { Acts } from "../parts/acts.tsx";
import { Badge } from "../parts/badge.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Moment } from "../parts/units.tsx";
import { useSession } from "../session.ts";
import { holds } from "./silenced.ts";

/** Silences that hold or will. */
export function Silences({
  of,
  onDone,
}: {
  readonly of: Loaded<{ readonly items: readonly AlertSilence[] }>;
  readonly onDone: () => void;
}) {
  const { may } = useSession();
  const now = useNow(30_000);
  return (
    <Loading of={of} lines={4}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing is silenced">
            Silence an alert where it stands, or what may come:{" "}
            <Command>agent33 alerts silence --tenant acme --for 2h --reason "load test"</Command>
          </Empty>
        ) : (
          <ul className="records" aria-label="Silences">
            {items.map(({ id, matchers, tenant, reason, by, createdAt, startsAt, endsAt }) => (
              <li key={id} className="record" tabIndex={-1} data-step aria-labelledby={id}>
                <p className="record-head">
                  <Badge tone={holds({ startsAt, createdAt, endsAt }, now) ? "warn" : "plain"}>
                    {holds({ startsAt, createdAt, endsAt }, now) ? "holds" : "to come"}
                  </Badge>
                  <span className="record-title" id={id}>
                    {Object.entries(matchers)
                      .map(([label, value]) => `${label} ${value}`)
                      .join(", ")}
                  </span>
                </p>
                <p className="record-facts">
                  by {by}
                  {tenant === null ? "" : ` for what is about ${tenant}`} ·{" "}
                  <Moment at={startsAt} now={now} /> to <Moment at={endsAt} now={now} />
                </p>
                <p className="small">{reason}</p>
                {may("alerts:write") ? (
                  <Acts
                    about={reason}
                    acts={[{ word: "end", label: "End it now", isPlain: true }]}
                    reason="optional"
                    onAct={() => api.endAlertSilence({ id })}
                    onDone={onDone}
                  />
                ) : null}
              </li>
            ))}
          </ul>
        )
      }
    </Loading>
  );
}

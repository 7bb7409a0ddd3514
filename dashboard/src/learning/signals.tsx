import { api, type Signal } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { usePages } from "../data/use-pages.ts";
import { Acts } from "../parts/acts.tsx";
import { Badge } from "../parts/badge.tsx";
import type { Tone } from "../parts/tone.ts";
import { Command } from "../parts/empty.tsx";
import { oneOf, QueryPick } from "../parts/pick.tsx";
import { RecordList } from "../parts/record-list.tsx";
import { countText } from "../parts/texts.ts";
import { Moment } from "../parts/units.tsx";
import { Link, usePlace } from "../router.tsx";
import { useSession } from "../session.ts";
import { signalActs, signalStates } from "./moves.ts";

const types = ["bug", "incident", "feedback", "performance", "security", "process"] as const;
const severities = ["critical", "high", "medium", "low"] as const;

const tones: Readonly<Record<Signal["severity"], Tone>> = {
  critical: "bad",
  high: "warn",
  medium: "plain",
  low: "plain",
};

/** What runs and people have seen. */
export function Signals({ onChange }: { readonly onChange: () => void }) {
  const { query } = usePlace();
  const state = oneOf(signalStates, query.get("state"));
  const type = oneOf(types, query.get("type"));
  const severity = oneOf(severities, query.get("severity"));
  const loaded = usePages<Signal>(
    (page, signal) => api.listSignals({ ...page, state, type, severity }, { signal }),
    `signals ${state ?? ""} ${type ?? ""} ${severity ?? ""}`,
    10_000,
  );
  const isFiltered = [state, type, severity].some((one) => one !== undefined);
  const done = (): void => {
    loaded.reload();
    onChange();
  };
  return (
    <>
      <div className="filters">
        <QueryPick name="state" label="State" options={signalStates} chosen={state} />
        <QueryPick name="type" label="Kind" options={types} chosen={type} />
        <QueryPick name="severity" label="Severity" options={severities} chosen={severity} />
      </div>
      <RecordList
        label="Signals"
        of={loaded}
        record={(signal) => <SignalRecord key={signal.id} signal={signal} onDone={done} />}
        unfit={
          isFiltered
            ? { title: "No signal fits", href: "/learning", all: "Show all signals" }
            : undefined
        }
        empty={{
          title: "There are no signals yet",
          text: (
            <>
              Runs leave them by themselves; people record what they see:{" "}
              <Command>
                {'agent33 learn record --type feedback --severity low --summary "…"'}
              </Command>
            </>
          ),
        }}
      />
    </>
  );
}

function SignalRecord({
  signal,
  onDone,
}: {
  readonly signal: Signal;
  readonly onDone: () => void;
}) {
  const { may } = useSession();
  const now = useNow(60_000);
  const { id, type, severity, state, summary, details, source, occurrences } = signal;
  const { quality, recordedAt, lastSeenAt, stateReason, stateBy, intakeId, context } = signal;
  const run = context["run"] ?? context["runId"];
  return (
    <li className="record" tabIndex={-1} data-step aria-labelledby={id}>
      <p className="record-head">
        <Badge tone={tones[severity]}>{severity}</Badge>
        <Badge tone={state === "open" ? "busy" : "plain"}>{state}</Badge>
        <span className="record-title" id={id}>
          {summary}
        </span>
      </p>
      <p className="record-facts">
        {type} seen by <code>{source}</code>
        {occurrences > 1 ? `, ${countText(occurrences)} times` : ""} ·{" "}
        <Moment at={recordedAt} now={now} />
        {lastSeenAt > recordedAt ? (
          <>
            , last <Moment at={lastSeenAt} now={now} />
          </>
        ) : null}{" "}
        · quality {quality.label} ({quality.score.toFixed(2)})
        {intakeId === null ? null : (
          <>
            {" · "}
            <Link href={`/learning?view=intakes#${intakeId}`}>its intake</Link>
          </>
        )}
        {run === undefined ? null : (
          <>
            {" · "}
            <Link href={`/runs/${run}`}>the run</Link>
          </>
        )}
      </p>
      {stateReason === null || stateReason === "" ? null : (
        <p className="small">
          {state} by {stateBy}: {stateReason}
        </p>
      )}
      {details === "" ? null : (
        <details>
          <summary>Details</summary>
          <pre className="arguments">{details}</pre>
        </details>
      )}
      {may("learning:write") ? (
        <Acts
          about={summary}
          acts={signalActs(state)}
          reason="needed"
          onAct={(word, reason) =>
            api.moveSignal({ id, body: { state: oneOf(signalStates, word) ?? state, reason } })
          }
          onDone={onDone}
        />
      ) : null}
    </li>
  );
}

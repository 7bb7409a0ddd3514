import { useState } from "react";
import { type Alert, type AlertSilence, api } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Acts } from "../parts/acts.tsx";
import { Badge } from "../parts/badge.tsx";
import type { Tone } from "../parts/tone.ts";
import { Loading } from "../parts/loading.tsx";
import { Moment } from "../parts/units.tsx";
import { useSession } from "../session.ts";
import { HistoryList } from "./history.tsx";
import { SilenceForm } from "./silence-form.tsx";

const tones: Readonly<Record<Alert["severity"], Tone>> = {
  page: "bad",
  ticket: "warn",
  info: "plain",
};

/** One alert: what it says, who has it, and what can be done. */
export function AlertRecord({
  alert,
  silence,
  runbook,
  onDone,
}: {
  readonly alert: Alert;
  /** What keeps it from being told now. */
  readonly silence: AlertSilence | undefined;
  /** Where its page is; undefined for a rule that is off now. */
  readonly runbook: string | undefined;
  readonly onDone: () => void;
}) {
  const { may } = useSession();
  const now = useNow(30_000);
  const { id, rule, state, severity, owner, summary, tenant, valueText, times } = alert;
  const { beganAt, firedAt, resolvedAt, acknowledged } = alert;
  const act =
    acknowledged === null
      ? { word: "take", label: "Acknowledge" }
      : { word: "give", label: "Give back", isPlain: true };
  return (
    <li className="record" tabIndex={-1} data-step aria-labelledby={id}>
      <p className="record-head">
        <Badge tone={state === "firing" ? tones[severity] : "plain"}>{state}</Badge>
        <Badge tone="plain">{severity}</Badge>
        {acknowledged === null ? null : <Badge tone="good">acknowledged</Badge>}
        {silence === undefined ? null : <Badge tone="plain">silenced</Badge>}
        <span className="record-title" id={id}>
          {summary}
        </span>
      </p>
      <p className="record-facts">
        {rule}: {valueText} · owner {owner}
        {tenant === null ? "" : ` · tenant ${tenant}`} · since{" "}
        <Moment at={firedAt ?? beganAt} now={now} />
        {resolvedAt === null ? null : (
          <>
            {" "}
            to <Moment at={resolvedAt} now={now} />
          </>
        )}
        {times > 1 ? ` · ${times} times` : ""}
      </p>
      {acknowledged === null ? null : (
        <p className="small">
          {acknowledged.by} has it since <Moment at={acknowledged.at} now={now} />
          {acknowledged.note === "" ? "" : `: ${acknowledged.note}`}
        </p>
      )}
      {silence === undefined ? null : (
        <p className="small">
          silenced by {silence.by} until <Moment at={silence.endsAt} now={now} />: {silence.reason}
        </p>
      )}
      {runbook === undefined ? null : (
        <p className="small muted">
          <a href={`/${runbook}`} target="_blank" rel="noreferrer">
            What to do
          </a>
        </p>
      )}
      <Became id={id} />
      {may("alerts:write") && state !== "resolved" ? (
        <>
          {silence === undefined ? <SilenceForm alert={alert} onDone={onDone} /> : null}
          <Acts
            key={act.word}
            about={summary}
            acts={[act]}
            reason="optional"
            onAct={(word, note) =>
              word === "take"
                ? api.acknowledgeAlert({ id, body: { note } })
                : api.unacknowledgeAlert({ id })
            }
            onDone={onDone}
          />
        </>
      ) : null}
    </li>
  );
}

/** What became of one alert, asked for when somebody looks. */
function Became({ id }: { readonly id: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What became of it</summary>
      {isOpen ? <Entries id={id} /> : null}
    </details>
  );
}

function Entries({ id }: { readonly id: string }) {
  const loaded = useLoaded(
    (signal) => api.listAlertHistory({ alert: id, limit: 50 }, { signal }),
    `history ${id}`,
    15_000,
  );
  return (
    <Loading of={loaded} lines={2}>
      {({ items }) => <HistoryList entries={items} />}
    </Loading>
  );
}

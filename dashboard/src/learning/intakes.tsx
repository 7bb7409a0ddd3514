import { api, type Intake } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { usePages } from "../data/use-pages.ts";
import { Acts } from "../parts/acts.tsx";
import { Badge } from "../parts/badge.tsx";
import type { Tone } from "../parts/tone.ts";
import { Command } from "../parts/empty.tsx";
import { oneOf, QueryPick } from "../parts/pick.tsx";
import { RecordList } from "../parts/record-list.tsx";
import { Moment } from "../parts/units.tsx";
import { usePlace } from "../router.tsx";
import { useSession } from "../session.ts";
import { intakeActs, intakeStates } from "./moves.ts";

const urgencies = ["high", "medium", "low"] as const;
const kinds = ["external", "internal", "competitive", "user", "technical"] as const;

const tones: Readonly<Record<Intake["disposition"]["state"], Tone>> = {
  submitted: "busy",
  triaged: "busy",
  analyzing: "busy",
  accepted: "good",
  deferred: "warn",
  rejected: "plain",
  tracked: "good",
};

/** What is to be looked into and decided on. */
export function Intakes({ onChange }: { readonly onChange: () => void }) {
  const { query } = usePlace();
  const state = oneOf(intakeStates, query.get("state"));
  const urgency = oneOf(urgencies, query.get("urgency"));
  const researchType = oneOf(kinds, query.get("kind"));
  const loaded = usePages<Intake>(
    (page, signal) => api.listIntakes({ ...page, state, urgency, researchType }, { signal }),
    `intakes ${state ?? ""} ${urgency ?? ""} ${researchType ?? ""}`,
    10_000,
  );
  const isFiltered = [state, urgency, researchType].some((one) => one !== undefined);
  const done = (): void => {
    loaded.reload();
    onChange();
  };
  return (
    <>
      <div className="filters">
        <QueryPick name="state" label="State" options={intakeStates} chosen={state} />
        <QueryPick name="urgency" label="Urgency" options={urgencies} chosen={urgency} />
        <QueryPick name="kind" label="Kind" options={kinds} chosen={researchType} />
      </div>
      <RecordList
        label="Intakes"
        of={loaded}
        record={(intake) => <IntakeRecord key={intake.id} intake={intake} onDone={done} />}
        unfit={
          isFiltered
            ? { title: "No intake fits", href: "/learning?view=intakes", all: "Show all intakes" }
            : undefined
        }
        empty={{
          title: "There are no intakes yet",
          text: (
            <>
              Make some of the gravest signals: <Command>agent33 learn intakes generate</Command>
            </>
          ),
        }}
      />
    </>
  );
}

function IntakeRecord({
  intake,
  onDone,
}: {
  readonly intake: Intake;
  readonly onDone: () => void;
}) {
  const { may } = useSession();
  const now = useNow(60_000);
  const { id, submittedBy, submittedAt, automatic, classification, content } = intake;
  const { disposition, relevance, signalIds, history } = intake;
  const { state, actionItems } = disposition;
  return (
    <li className="record" tabIndex={-1} data-step aria-labelledby={id}>
      <p className="record-head">
        <Badge tone={tones[state]}>{state}</Badge>
        <span className="record-title" id={id}>
          {content.title}
        </span>
      </p>
      <p className="record-facts">
        priority {relevance.priority} · {classification.urgency} urgency ·{" "}
        {classification.researchType}, {classification.category} ·{" "}
        {automatic ? "by the rules" : `by ${submittedBy}`}, <Moment at={submittedAt} now={now} />
        {signalIds.length === 0
          ? ""
          : ` · ${signalIds.length} ${signalIds.length === 1 ? "signal" : "signals"}`}
      </p>
      {content.summary === content.title ? null : <p className="small">{content.summary}</p>}
      {actionItems.length === 0 ? null : (
        <ul className="reasons" aria-label="To be done">
          {actionItems.map((item) => (
            <li key={item}>→ {item}</li>
          ))}
        </ul>
      )}
      {history.length === 0 ? null : (
        <details>
          <summary>How it came to be {state}</summary>
          <ul className="reasons">
            {history.map(({ from, to, by, at, rationale }) => (
              <li key={`${at} ${to}`}>
                <Moment at={at} now={now} /> {from} → {to} by {by}
                {rationale === "" ? "" : `: ${rationale}`}
              </li>
            ))}
          </ul>
        </details>
      )}
      {may("learning:write") ? (
        <Acts
          about={content.title}
          acts={intakeActs(state)}
          reason="optional"
          onAct={(word, rationale) =>
            api.moveIntake({
              id,
              body: { state: oneOf(intakeStates, word) ?? state, rationale },
            })
          }
          onDone={onDone}
        />
      ) : null}
    </li>
  );
}

import { useState } from "react";
import { api, type Lesson, type Problem } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { usePages } from "../data/use-pages.ts";
import { Acts } from "../parts/acts.tsx";
import { Badge } from "../parts/badge.tsx";
import { Command } from "../parts/empty.tsx";
import { oneOf, QueryPick } from "../parts/pick.tsx";
import { RecordList } from "../parts/record-list.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { Moment } from "../parts/units.tsx";
import { usePlace } from "../router.tsx";
import { useSession } from "../session.ts";

const states = ["open", "implemented"] as const;
const kinds = ["success", "failure", "observation"] as const;
const actionStates = ["pending", "in_progress", "completed", "wont_fix"] as const;
type Action = Lesson["actions"][number];

/** What was learned, and what is done about it. */
export function Lessons({ onChange }: { readonly onChange: () => void }) {
  const { query } = usePlace();
  const state = oneOf(states, query.get("state"));
  const eventType = oneOf(kinds, query.get("kind"));
  const loaded = usePages<Lesson>(
    (page, signal) => api.listLessons({ ...page, state, eventType }, { signal }),
    `lessons ${state ?? ""} ${eventType ?? ""}`,
    10_000,
  );
  const isFiltered = state !== undefined || eventType !== undefined;
  const done = (): void => {
    loaded.reload();
    onChange();
  };
  return (
    <>
      <div className="filters">
        <QueryPick name="state" label="State" options={states} chosen={state} />
        <QueryPick name="kind" label="What happened" options={kinds} chosen={eventType} />
      </div>
      <RecordList
        label="Lessons"
        of={loaded}
        record={(lesson) => <LessonRecord key={lesson.id} lesson={lesson} onDone={done} />}
        unfit={
          isFiltered
            ? { title: "No lesson fits", href: "/learning?view=lessons", all: "Show all lessons" }
            : undefined
        }
        empty={{
          title: "There are no lessons yet",
          text: (
            <>
              Record one:{" "}
              <Command>{'agent33 learn lessons create --type failure --title "…"'}</Command>
            </>
          ),
        }}
      />
    </>
  );
}

function LessonRecord({
  lesson,
  onDone,
}: {
  readonly lesson: Lesson;
  readonly onDone: () => void;
}) {
  const { may } = useSession();
  const now = useNow(60_000);
  const { id, eventType, title, what, insight, recommendation, recordedAt, recordedBy } = lesson;
  const { actions, state, evidence, verifiedBy } = lesson;
  const mayWrite = may("learning:write") && state === "open";
  const isDone = actions.every((action) => ["completed", "wont_fix"].includes(action.state));
  return (
    <li className="record" tabIndex={-1} data-step aria-labelledby={id}>
      <p className="record-head">
        <Badge tone={state === "open" ? "busy" : "good"}>{state}</Badge>
        <span className="record-title" id={id}>
          {title}
        </span>
      </p>
      <p className="record-facts">
        of a {eventType} · by {recordedBy}, <Moment at={recordedAt} now={now} />
      </p>
      {[what, insight, recommendation]
        .filter((text) => text !== "")
        .map((text) => (
          <p key={text} className="small">
            {text}
          </p>
        ))}
      {actions.length === 0 ? null : (
        <ul className="lesson-actions">
          {actions.map((action, index) => (
            <LessonAction
              key={action.description}
              id={id}
              index={index}
              action={action}
              mayWrite={mayWrite}
              onDone={onDone}
            />
          ))}
        </ul>
      )}
      {evidence === null ? null : (
        <p className="small">
          verified by {verifiedBy}: {evidence}
        </p>
      )}
      {mayWrite && isDone ? (
        <Acts
          about={title}
          acts={[{ word: "verify", label: "Verify" }]}
          reason="needed"
          onAct={(_, words) => api.verifyLesson({ id, body: { evidence: words } })}
          onDone={onDone}
        />
      ) : null}
    </li>
  );
}

function LessonAction({
  id,
  index,
  action,
  mayWrite,
  onDone,
}: {
  readonly id: string;
  readonly index: number;
  readonly action: Action;
  readonly mayWrite: boolean;
  readonly onDone: () => void;
}) {
  const { told } = useSession();
  const [problem, setProblem] = useState<Problem>();
  const { description, state, owner, targetDate } = action;
  const change = async (word: string): Promise<void> => {
    const answer = await api.changeAction({
      id,
      index,
      body: { state: oneOf(actionStates, word) ?? state },
    });
    if (!answer.ok) told(answer.problem);
    setProblem(answer.ok ? undefined : answer.problem);
    onDone();
  };
  return (
    <li>
      {mayWrite ? (
        <select
          aria-label={`State of: ${description}`}
          value={state}
          onChange={(event) => void change(event.target.value)}
        >
          {actionStates.map((word) => (
            <option key={word} value={word}>
              {word.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      ) : (
        <Badge tone={state === "completed" ? "good" : "plain"}>{state.replaceAll("_", " ")}</Badge>
      )}
      <span>
        {description}
        <span className="muted">
          {owner === null ? "" : ` · ${owner}`}
          {targetDate === null ? "" : ` · by ${targetDate}`}
        </span>
      </span>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
    </li>
  );
}

import { type KeyboardEvent, useId, useState } from "react";
import { type Approval, api, type Problem } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { ProblemBox } from "../parts/problem.tsx";
import { durationText } from "../parts/texts.ts";
import { Link, usePlace } from "../router.tsx";
import { useSession } from "../session.ts";

/** Calls that wait for a person, each with all that it would send. */
export function Questions({
  approvals,
  onDecided,
}: {
  readonly approvals: readonly Approval[];
  readonly onDecided: () => void;
}) {
  return (
    <ul className="questions">
      {approvals.map((approval) => (
        <Question key={approval.id} approval={approval} onDecided={onDecided} />
      ))}
    </ul>
  );
}

type Word = "approve" | "deny";

function Question({
  approval,
  onDecided,
}: {
  readonly approval: Approval;
  readonly onDecided: () => void;
}) {
  const { id, runId, summary, ruleId, requestedAt, expiresAt } = approval;
  const { may } = useSession();
  const place = usePlace();
  const now = useNow(1_000);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState<Word>();
  const [problem, setProblem] = useState<Problem>();
  const field = useId();
  const title = useId();
  const mayDecide = may("approvals:decide");
  // What a server asks for is answered in the terminal: it may have a form.
  const asked = useLoaded((signal) => api.showApproval({ id }, { signal }), `approval ${id}`);
  const elicited = asked.value?.question ?? undefined;
  const decide = async (word: Word): Promise<void> => {
    if (!mayDecide || busy !== undefined) return;
    setBusy(word);
    setProblem(undefined);
    const isTold = may("runs:write");
    const failed = await answered(word, approval, note.trim(), isTold);
    setBusy(undefined);
    if (failed === undefined) onDecided();
    else setProblem(failed);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "A") void decide("approve");
    if (event.key === "D") void decide("deny");
  };
  const left = expiresAt - now;
  return (
    <li
      className="question"
      tabIndex={-1}
      data-step
      aria-labelledby={title}
      onKeyDown={press}
      data-busy={busy !== undefined}
    >
      <p className="question-head" id={title}>
        <strong>
          {elicited === undefined ? "May this call be made?" : `${elicited.server} asks`}
        </strong>
        <span className="muted">
          rule <code>{ruleId}</code> · asked {durationText(now - requestedAt)} ago ·{" "}
          {left > 0 ? `expires in ${durationText(left)}` : "expired"}
        </span>
      </p>
      <pre className="arguments">{elicited?.message ?? summary}</pre>
      {elicited !== undefined ? (
        <p>
          Answer it in a terminal:{" "}
          <code className="command">agent33 approvals answer {id.slice(0, 8)}</code>
        </p>
      ) : null}
      {problem === undefined ? null : <ProblemBox problem={problem} />}
      <div className="question-foot">
        {mayDecide && elicited === undefined ? (
          <>
            <label className="note" htmlFor={field}>
              <span>{runId !== null && may("runs:write") ? "Note to the agent" : "Why"}</span>
              <input
                id={field}
                value={note}
                maxLength={2_000}
                placeholder="optional"
                onChange={(event) => setNote(event.target.value)}
              />
            </label>
            <button
              type="button"
              className="button main-button"
              disabled={busy !== undefined}
              onClick={() => void decide("approve")}
            >
              Approve
            </button>
            <button
              type="button"
              className="button danger"
              disabled={busy !== undefined}
              onClick={() => void decide("deny")}
            >
              Deny
            </button>
          </>
        ) : mayDecide ? null : (
          <span className="muted">
            Deciding needs the scope <code>approvals:decide</code>.
          </span>
        )}
        {runId === null || place.path === `/runs/${runId}` ? null : (
          <Link href={`/runs/${runId}`} className="question-run">
            See the run
          </Link>
        )}
      </div>
    </li>
  );
}

/**
 * Says the note to the run's agent, and then decides: what it hears first is why. It stays with the
 * approval as well.
 */
async function answered(
  word: Word,
  { id, runId }: Approval,
  note: string,
  isTold: boolean,
): Promise<Problem | undefined> {
  if (isTold && note !== "" && runId !== null) {
    const sent = await api.sendMessage({
      id: runId,
      body: { text: note, topic: "steering", key: `approval:${id}` },
    });
    if (!sent.ok) return sent.problem;
  }
  const input = { id, body: note === "" ? {} : { note } };
  const answer = await (word === "approve" ? api.approveCall(input) : api.denyCall(input));
  return answer.ok ? undefined : answer.problem;
}

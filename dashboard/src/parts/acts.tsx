import { useState } from "react";
import type { Problem, Result } from "../api.ts";
import { useSession } from "../session.ts";
import type { Act } from "./act.ts";
import { ProblemBox } from "./problem.tsx";

/** What can be done with a record: a button each, and then the question why. */
export function Acts({
  about,
  acts,
  reason,
  onAct,
  onDone,
}: {
  /** What it is done with, for those who do not see it. */
  readonly about: string;
  readonly acts: readonly Act[];
  /** Whether somebody must say why. */
  readonly reason: "needed" | "optional";
  readonly onAct: (word: string, reason: string) => Promise<Result<unknown>>;
  readonly onDone: () => void;
}) {
  const { told } = useSession();
  const [asked, setAsked] = useState<Act>();
  const [words, setWords] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const close = (): void => {
    setAsked(undefined);
    setWords("");
    setProblem(undefined);
  };
  const act = async ({ word }: Act): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    const answer = await onAct(word, words.trim());
    setBusy(false);
    if (answer.ok) {
      close();
      onDone();
    } else {
      told(answer.problem);
      setProblem(answer.problem);
    }
  };
  if (acts.length === 0) return null;
  if (asked === undefined) {
    return (
      <div className="record-foot">
        {acts.map((one) => (
          <button
            key={one.word}
            type="button"
            className="button"
            aria-label={`${one.label}: ${about}`}
            disabled={isBusy}
            onClick={() => void (one.isPlain === true ? act(one) : setAsked(one))}
          >
            {one.label}
          </button>
        ))}
        {problem === undefined ? null : <ProblemBox problem={problem} />}
      </div>
    );
  }
  return (
    <form
      className="record-foot"
      onSubmit={(event) => {
        event.preventDefault();
        void act(asked);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <label>
        <span>{reason === "needed" ? "Why" : "Why (may be left out)"}</span>
        <input
          // Whoever pressed the button writes next.
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          value={words}
          required={reason === "needed"}
          maxLength={2_000}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      <button type="submit" className="button main-button" disabled={isBusy}>
        {asked.label}
      </button>
      <button type="button" className="button quiet" onClick={close}>
        Cancel
      </button>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
    </form>
  );
}

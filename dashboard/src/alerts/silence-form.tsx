import { type FormEvent, useState } from "react";
import { type Alert, api, type Problem } from "../api.ts";
import { ProblemBox } from "../parts/problem.tsx";
import { useSession } from "../session.ts";

const hourMs = 3_600_000;
const spans = [
  ["1", "an hour"],
  ["4", "4 hours"],
  ["24", "a day"],
  ["168", "a week"],
] as const;

/** Tells nobody of an alert, or of all of its rule, for a time. */
export function SilenceForm({
  alert: { rule, labels, summary },
  onDone,
}: {
  readonly alert: Alert;
  readonly onDone: () => void;
}) {
  const { told } = useSession();
  const [reach, setReach] = useState("this");
  const [hours, setHours] = useState<string>("4");
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const silence = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const answer = await api.createAlertSilence({
      body: {
        matchers: reach === "this" ? { ...labels, rule } : { rule },
        reason: reason.trim(),
        endsAt: Date.now() + Number(hours) * hourMs,
      },
    });
    setBusy(false);
    if (answer.ok) return onDone();
    told(answer.problem);
    setProblem(answer.problem);
  };
  return (
    <details>
      <summary aria-label={`Silence: ${summary}`}>Silence</summary>
      <form className="filters" onSubmit={(event) => void silence(event)}>
        <label>
          <span>Why</span>
          <input
            value={reason}
            required
            maxLength={1_000}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <label>
          <span>What</span>
          <select value={reach} onChange={(event) => setReach(event.target.value)}>
            <option value="this">this alert</option>
            <option value="rule">all of {rule}</option>
          </select>
        </label>
        <label>
          <span>For</span>
          <select value={hours} onChange={(event) => setHours(event.target.value)}>
            {spans.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="button" disabled={isBusy}>
          Silence it
        </button>
      </form>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
    </details>
  );
}

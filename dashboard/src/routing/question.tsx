import { type FormEvent, useState } from "react";
import { api, type Problem, type RoutingExplanation } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { ModelName } from "../parts/model-name.tsx";
import { Pick, oneOf } from "../parts/pick.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { useSession } from "../session.ts";
import { Estimate, Reasons, tiers } from "./decided.tsx";

/** What a task would be given now. No run is made and no model is asked. */
export function RoutingQuestion() {
  const { told } = useSession();
  const [task, setTask] = useState("");
  const [effort, setEffort] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<RoutingExplanation>();
  const [problem, setProblem] = useState<Problem>();
  const ask = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy || task.trim() === "") return;
    setBusy(true);
    setProblem(undefined);
    const found = await api.explainRouting({ body: { task, effort: oneOf(tiers, effort) } });
    setBusy(false);
    if (found.ok) return setAnswer(found.value);
    told(found.problem);
    setAnswer(undefined);
    setProblem(found.problem);
  };
  return (
    <details className="record">
      <summary>What would a task be given?</summary>
      <form className="filters" onSubmit={(event) => void ask(event)}>
        <label>
          <span>Task</span>
          <input
            value={task}
            required
            maxLength={200_000}
            placeholder="in words"
            onChange={(event) => setTask(event.target.value)}
          />
        </label>
        <Pick label="Effort" options={tiers} chosen={effort} onChoose={setEffort} any="as routed" />
        <button type="submit" className="button" disabled={isBusy}>
          Ask
        </button>
      </form>
      <div aria-live="polite">
        {problem === undefined ? null : <ProblemBox problem={problem} />}
        {answer === undefined ? null : <Answer answer={answer} />}
      </div>
    </details>
  );
}

function Answer({ answer }: { readonly answer: RoutingExplanation }) {
  const { tier, source, model, reasons, estimate, problem, notices } = answer;
  return (
    <div className="answer">
      <p>
        <Badge tone="busy">{tier}</Badge> by {source.replaceAll("_", " ")},{" "}
        {model === null ? "without a model" : <ModelName model={model} />}
      </p>
      <Reasons reasons={[...reasons, ...notices]} />
      {problem === null ? (
        <p>
          <Estimate estimate={estimate} />
        </p>
      ) : (
        <p className="notice">
          {problem.message} {problem.hint}
        </p>
      )}
    </div>
  );
}

import type { Problem } from "../api.ts";

/** What went wrong, with what to do, and its code for whoever looks for it. */
export function ProblemBox({
  problem,
  onRetry,
}: {
  readonly problem: Problem;
  readonly onRetry?: () => void;
}) {
  const request = /^urn:agent33:request:(.+)$/.exec(problem.instance)?.[1];
  return (
    <div role="alert" className="problem">
      <p className="problem-title">{problem.title}</p>
      <p>{problem.detail}</p>
      {problem.hint === undefined ? null : <p className="problem-hint">{problem.hint}</p>}
      <p className="problem-code">
        <code>{problem.code}</code>
        {request === undefined ? null : (
          <>
            {" · request "}
            <code>{request}</code>
          </>
        )}
      </p>
      {onRetry === undefined ? null : (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

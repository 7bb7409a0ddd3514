import type { ReactNode } from "react";
import type { Loaded } from "../data/use-loaded.ts";
import { ProblemBox } from "./problem.tsx";
import { Skeleton } from "./skeleton.tsx";

/** What was asked for, once it is there; what went wrong stands above what came before. */
export function Loading<T>({
  of: { value, problem, reload, note },
  lines,
  children,
}: {
  readonly of: Loaded<T> & { readonly note?: string | undefined };
  readonly lines?: number;
  readonly children: (value: T) => ReactNode;
}) {
  return (
    <>
      {problem === undefined ? null : <ProblemBox problem={problem} onRetry={reload} />}
      {value !== undefined ? (
        children(value)
      ) : problem === undefined ? (
        <Skeleton {...(lines === undefined ? {} : { lines })} />
      ) : null}
      {note === undefined ? null : <p className="notice">{note}</p>}
    </>
  );
}

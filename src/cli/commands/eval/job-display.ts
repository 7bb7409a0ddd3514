import { formatMicroUsd } from "../../../base/money.ts";
import { conditionName, type JobEvent, type TrialNews } from "../../../engine.ts";
import type { CliContext } from "../../context.ts";
import { columns, oneLine, type Output } from "../../output.ts";

/** How a job is shown while it goes on. */
export interface JobDisplay {
  tell(event: JobEvent): void;
  /** A line to the person, whatever else is shown. */
  say(words: string): void;
  /** Takes away what moves. */
  end(): void;
}

/** On a terminal a small table that is written anew, elsewhere a line for each trial. */
export function createJobDisplay(context: CliContext, output: Output): JobDisplay {
  if (output.json) {
    return {
      tell: (event) => output.out(JSON.stringify(event)),
      say: output.err,
      end: () => undefined,
    };
  }
  return context.colours ? tableDisplay(context, output) : lineDisplay(output);
}

function lineDisplay(output: Output): JobDisplay {
  const progress = createProgress(() => 0);
  return {
    tell: (event) => {
      progress.add(event);
      const line = lineOf(event, progress.counts());
      if (line !== undefined) output.err(line);
    },
    say: output.err,
    end: () => undefined,
  };
}

const everyMs = 200;

function tableDisplay(context: CliContext, output: Output): JobDisplay {
  const { clock } = context.host;
  const progress = createProgress(clock.monotonic);
  let shown = 0;
  let last = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (shown > 0) context.writeError(`\u001b[${shown}A\u001b[J`);
    shown = 0;
  };
  const draw = (): void => {
    last = clock.monotonic();
    const lines = progress.lines().map((line) => oneLine(line, context.columns - 1));
    clear();
    context.writeError(`${lines.join("\n")}\n`);
    shown = lines.length;
  };
  const say = (words: string): void => {
    clear();
    output.err(words);
  };
  return {
    tell: (event) => {
      progress.add(event);
      const isNews = ["job.begun", "task.excluded", "trial.failed"].includes(event.kind);
      const line = isNews ? lineOf(event, progress.counts()) : undefined;
      if (line !== undefined) say(line);
      if (clock.monotonic() - last >= everyMs) draw();
    },
    say,
    end: clear,
  };
}

interface Counts {
  readonly done: number;
  readonly trials: number;
}

/** What a person reads of an event; nothing where it is not worth a line. */
function lineOf(event: JobEvent, { done, trials }: Counts): string | undefined {
  switch (event.kind) {
    case "job.begun": {
      const had = event.done.length === 0 ? "" : `, ${event.done.length} of them done`;
      return [
        `${event.tasks} tasks, ${event.trials} trials${had}, in ${event.environment}: ${event.dir}`,
        ...event.notices.map((notice) => `note: ${oneLine(notice, 300)}`),
      ].join("\n");
    }
    case "task.excluded":
      return `${event.task} is in no score: ${oneLine(event.reason, 300)}`;
    case "trial.failed":
      return `${event.trial}: ${event.error.code}: ${oneLine(event.error.message, 200)} Again in ${Math.round(event.waitMs / 1_000)} s`;
    case "trial.ended":
      return `[${done}/${trials}] ${event.task} · ${conditionName(event.condition)} · ${event.repetition}: ${endOf(event)}`;
    case "task.prepared":
    case "gate.passed":
    case "trial.begun":
    case "job.ended":
      return undefined;
  }
}

function endOf({ error, reward, passed, agentError, durationMs, costMicroUsd }: TrialNews): string {
  if (error !== null) return `no verdict: ${error.code}: ${oneLine(error.message, 200)}`;
  return [
    `${passed === true ? "passed" : "failed"} (${reward ?? "no reward"})`,
    ...(agentError === null ? [] : [`agent: ${agentError.code}`]),
    ...(durationMs === null ? [] : [spanOf(durationMs)]),
    ...(costMicroUsd === null ? [] : [formatMicroUsd(costMicroUsd)]),
  ].join(", ");
}

/** How long something takes, for people. */
function spanOf(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

interface ConditionCount {
  done: number;
  passed: number;
  errors: number;
}

function createProgress(now: () => number) {
  const conditions = new Map<string, ConditionCount>();
  const running = new Set<string>();
  let trials = 0;
  let done = 0;
  let doneHere = 0;
  let cost: number | null = null;
  let since = now();
  const count = ({ condition, passed, error, costMicroUsd }: TrialNews): void => {
    const name = conditionName(condition);
    const known = conditions.get(name) ?? { done: 0, passed: 0, errors: 0 };
    conditions.set(name, known);
    known.done += 1;
    if (passed === true) known.passed += 1;
    if (error !== null) known.errors += 1;
    if (costMicroUsd !== null) cost = (cost ?? 0) + costMicroUsd;
    done += 1;
  };
  return {
    add: (event: JobEvent): void => {
      switch (event.kind) {
        case "job.begun":
          trials = event.trials;
          since = now();
          for (const one of event.done) count(one);
          return;
        case "task.excluded":
          trials -= event.trials;
          return;
        case "trial.begun":
          running.add(event.trial);
          return;
        case "trial.failed":
          running.delete(event.trial);
          return;
        case "trial.ended":
          running.delete(event.trial);
          doneHere += 1;
          count(event);
          return;
        case "task.prepared":
        case "gate.passed":
        case "job.ended":
          return;
      }
    },
    counts: (): Counts => ({ done, trials }),
    lines: (): readonly string[] => {
      const left = trials - done;
      // By how fast they ended so far, whatever ran beside each other.
      const leftMs = doneHere === 0 ? undefined : ((now() - since) / doneHere) * left;
      return [
        [
          `${done} of ${trials} done`,
          `${running.size} running`,
          `${left} left`,
          ...(cost === null ? [] : [formatMicroUsd(cost)]),
          ...(leftMs === undefined || left === 0 ? [] : [`about ${spanOf(leftMs)} more`]),
        ].join(" · "),
        ...columns(
          [...conditions].map(([name, { done, passed, errors }]) => [
            `  ${name}`,
            `${passed} of ${done - errors} passed`,
            errors === 0 ? "" : `${errors} without a verdict`,
          ]),
        ).split("\n"),
      ].filter((line) => line !== "");
    },
  };
}

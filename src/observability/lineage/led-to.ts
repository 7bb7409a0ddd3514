import type { EventOf, StoredEvent } from "../../events/event.ts";
import { agentOf, type CallPlace, placeOfDelegation } from "./call-place.ts";
import { type LineageStep, step } from "./step.ts";

/** What a log says led to a step of its run, the nearest first; then what made the run. */
export function ledTo(
  place: CallPlace | undefined,
  log: readonly StoredEvent[],
): readonly LineageStep[] {
  return [...(place === undefined ? [] : stepsTo(place, log)), ...ledToRun(log)];
}

const whereOf = ({ runId, seq, at }: StoredEvent) => ({ run: runId, seq, at });

function stepsTo(place: CallPlace, log: readonly StoredEvent[]): readonly LineageStep[] {
  const own = log.filter((event) => agentOf(event) === place.agent);
  return [
    ...(place.kind === "tool" ? requestOf(place, own, log) : []),
    ...seenBefore(place, own),
    ...handedOver(place.agent, log),
  ];
}

/** The model's request, the answer that it stood in, and whose tool it is. */
function requestOf(
  { turn, index }: Extract<CallPlace, { kind: "tool" }>,
  own: readonly StoredEvent[],
  log: readonly StoredEvent[],
): readonly LineageStep[] {
  const asked = own.find(
    (event): event is EventOf<"tool.started"> =>
      event.type === "tool.started" && event.turn === turn && event.index === index,
  );
  const answer = answerOf(turn, own);
  const session = log.findLast(
    (event) => event.type === "session.opened" && (asked === undefined || event.seq < asked.seq),
  );
  const tool =
    session?.type === "session.opened"
      ? session.tools.find(({ name }) => name === asked?.toolName)
      : undefined;
  return [
    ...(asked === undefined ? [] : [step("request", asked.toolName, whereOf(asked))]),
    ...(tool === undefined || session === undefined
      ? []
      : [step("server", tool.source, whereOf(session))]),
    ...(answer === undefined
      ? []
      : [step("answer", `turn ${turn}`, { ...whereOf(answer), call: answer.callId })]),
  ];
}

function answerOf(turn: number, own: readonly StoredEvent[]) {
  return own.find(
    (event): event is EventOf<"turn.completed"> =>
      event.type === "turn.completed" && event.turn === turn,
  );
}

/**
 * What the model had before it, as far as it was new: the results and words since its turn before,
 * and the skills that it had loaded. Which of these moved it, no log can say.
 */
function seenBefore(place: CallPlace, own: readonly StoredEvent[]): readonly LineageStep[] {
  const begun = beginOf(place, own);
  if (begun === undefined) return [];
  const before = own.filter(({ seq }) => seq < begun.seq);
  const since = before.findLast(({ type }) => type === "turn.completed" || type === "turn.failed");
  const fresh = before.filter(({ seq }) => seq > (since?.seq ?? 0));
  const task = before.findLast(({ type }) => type === "message.user");
  const words = fresh.some(({ type }) => type === "message.user")
    ? fresh
    : [...(task === undefined ? [] : [task]), ...fresh];
  return [
    ...words.flatMap((event): readonly LineageStep[] => {
      const where = { ...whereOf(event), basis: "order" } as const;
      if (event.type === "message.user") return [step("message", event.from ?? "task", where)];
      if (event.type !== "tool.completed") return [];
      return [step("result", event.toolName, { ...where, call: event.callId ?? null })];
    }),
    ...before.flatMap((event) =>
      event.type === "skill.loaded"
        ? [step("skill", event.name, { ...whereOf(event), basis: "order", id: event.digest })]
        : [],
    ),
  ];
}

/** Where the model was asked; of a judge, the check that waited for it. */
function beginOf(place: CallPlace, own: readonly StoredEvent[]): StoredEvent | undefined {
  if (place.kind === "judge") {
    return own.find(({ type }) => type === "judge.completed" || type === "judge.failed");
  }
  return own.find((event) => event.type === "turn.started" && event.turn === place.turn);
}

/** Each agent above that handed the work on, from the nearest to the run's own. */
function handedOver(
  agent: string | undefined,
  log: readonly StoredEvent[],
): readonly LineageStep[] {
  if (agent === undefined) return [];
  const started = log.find((event) => event.type === "agent.started" && event.agentPath === agent);
  const above = placeOfDelegation(agent);
  return [
    ...(started?.type === "agent.started"
      ? [step("agent", started.agent, { ...whereOf(started), call: started.callId })]
      : []),
    ...(above === undefined ? [] : stepsTo(above, log)),
  ];
}

/** What made a run: itself, the attempt before it, the run that it replays. */
export function ledToRun(log: readonly StoredEvent[]): readonly LineageStep[] {
  const started = log.find((event) => event.type === "run.started");
  if (started === undefined) return [];
  const where = whereOf(started);
  const { agent, model, effort, effortSource, attempt, replayOf } = started;
  return [
    step("run", `${agent} on ${model}, ${effort} (${effortSource})`, {
      ...where,
      id: started.runId,
    }),
    ...(attempt === undefined
      ? []
      : [step("attempt", `attempt ${attempt.number - 1}`, { ...where, id: attempt.after })]),
    ...(replayOf === undefined ? [] : [step("replayed_run", "replay", { ...where, id: replayOf })]),
  ];
}

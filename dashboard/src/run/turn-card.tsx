import { memo, useState } from "react";
import { Badge } from "../parts/badge.tsx";
import { countText } from "../parts/texts.ts";
import { Duration, Money } from "../parts/units.tsx";
import { argumentsIn, type Change, changeIn } from "./changes.ts";
import type { Note, ToolCall, Turn } from "./trajectory.ts";

/** One turn: what the model said, and what its calls came to. */
export const TurnCard = memo(function TurnCard({ turn }: { readonly turn: Turn }) {
  const { answer, failure } = turn;
  return (
    <li className="turn" data-deep={turn.path !== ""}>
      <div className="turn-head">
        <h3>
          Turn {turn.turn}
          {turn.path === "" ? null : <span className="muted"> of agent {turn.path}</span>}
        </h3>
        <p className="turn-facts muted">
          {answer === undefined ? (
            failure === undefined ? (
              <Badge tone="busy">thinks</Badge>
            ) : (
              <Badge tone="bad">failed</Badge>
            )
          ) : (
            <>
              {answer.model === undefined ? null : <span>{answer.model}</span>}
              <span title="Tokens: in, of these cached, out">
                {countText(answer.usage.inputTokens)} in,{" "}
                {countText(answer.usage.cachedInputTokens)} cached,{" "}
                {countText(answer.usage.outputTokens)} out
              </span>
              <Duration ms={answer.durationMs} />
              <Money microUsd={answer.costMicroUsd} />
              {answer.attempts > 1 ? <span>{answer.attempts} attempts</span> : null}
              <Decided decision={answer.decision} />
            </>
          )}
        </p>
      </div>
      {failure === undefined ? null : (
        <p className="bad-text">
          {failure.error.message} <code>{failure.error.code}</code>
        </p>
      )}
      {answer?.parts.map((part, at) =>
        part.type === "text" && part.text !== "" ? (
          <p key={at} className="said">
            {part.text}
          </p>
        ) : part.type === "reasoning" && part.text !== "" ? (
          <details key={at} className="thought">
            <summary>Reasoning</summary>
            <p className="said">{part.text}</p>
          </details>
        ) : null,
      )}
      {turn.calls.length === 0 ? null : (
        <ul className="calls">
          {turn.calls.map((call) => (
            <Call key={call.index} call={call} />
          ))}
        </ul>
      )}
    </li>
  );
});

interface Decision {
  readonly effect: string;
  readonly ruleId: string;
  readonly reason?: string;
}

function Decided({ decision }: { readonly decision: Decision }) {
  const { effect, ruleId, reason } = decision;
  return (
    <span title={reason ?? ""}>
      <Badge tone={effect === "allow" ? "plain" : effect === "ask" ? "warn" : "bad"}>
        {effect}
      </Badge>{" "}
      <code>{ruleId}</code>
    </span>
  );
}

function Call({ call }: { readonly call: ToolCall }) {
  const { name, argumentsText, end } = call;
  const given = argumentsIn(argumentsText);
  const change = given === undefined ? undefined : changeIn(given);
  return (
    <li className="call">
      <div className="call-head">
        <code className="call-name">{name}</code>
        {end === undefined ? (
          <Badge tone="busy">open</Badge>
        ) : (
          <Badge tone={end.isError ? "bad" : "good"}>{end.isError ? "error" : "ok"}</Badge>
        )}
        {end === undefined || end.decision === null ? null : <Decided decision={end.decision} />}
        {end === undefined ? null : <Duration ms={end.durationMs} />}
        {end !== undefined && end.attempts > 1 ? <span>{end.attempts} attempts</span> : null}
        {end?.callId === undefined ? null : (
          <code className="muted" title="The call, as the audit has it">
            {end.callId}
          </code>
        )}
      </div>
      {change === undefined ? (
        <Long label="Arguments" text={given === undefined ? argumentsText : pretty(given)} />
      ) : (
        <Diff change={change} />
      )}
      {end === undefined ? null : <Long label="Result" text={end.content} isBad={end.isError} />}
      {end?.error === undefined ? null : (
        <p className="muted">
          <code>{end.error.code}</code> {end.error.hint ?? ""}
        </p>
      )}
    </li>
  );
}

function pretty(given: Readonly<Record<string, unknown>>): string {
  return Object.entries(given)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

/** The lines that arguments take from a file and put into it. */
function Diff({ change }: { readonly change: Change }) {
  const [isWhole, setWhole] = useState(false);
  const lines = isWhole ? change.lines : change.lines.slice(0, shownLines);
  const rest = change.lines.length - lines.length;
  return (
    <div className="diff">
      <p className="diff-path">
        <code>{change.path}</code>
      </p>
      <pre>
        {lines.map(({ sign, text }, at) => (
          <span key={at} className="diff-line" data-sign={sign}>
            {`${sign} ${text}\n`}
          </span>
        ))}
      </pre>
      {rest === 0 ? null : <Whole rest={rest} onWhole={() => setWhole(true)} />}
    </div>
  );
}

const shownLines = 12;
const shownCharacters = 2_000;

/** A text of which only the beginning is shown at first. */
function Long({
  label,
  text,
  isBad = false,
}: {
  readonly label: string;
  readonly text: string;
  readonly isBad?: boolean;
}) {
  const [isWhole, setWhole] = useState(false);
  if (text === "") return null;
  const short = text.split("\n").slice(0, shownLines).join("\n").slice(0, shownCharacters);
  const rest = text.slice(short.length).split("\n").length - 1;
  return (
    <div className="long">
      <pre aria-label={label} data-bad={isBad}>
        {isWhole ? text : short}
      </pre>
      {isWhole || short.length === text.length ? null : (
        <Whole rest={Math.max(1, rest)} onWhole={() => setWhole(true)} />
      )}
    </div>
  );
}

function Whole({ rest, onWhole }: { readonly rest: number; readonly onWhole: () => void }) {
  return (
    <button type="button" className="button quiet whole-button" onClick={onWhole}>
      Show {countText(rest)} more {rest === 1 ? "line" : "lines"}
    </button>
  );
}

/** What happened between turns. */
export const NoteLine = memo(function NoteLine({ note }: { readonly note: Note }) {
  return (
    <li className="note-line" data-deep={note.path !== ""}>
      <Badge tone={note.tone}>{note.title}</Badge>
      {note.text === "" ? null : <Long label={note.title} text={note.text} />}
    </li>
  );
});

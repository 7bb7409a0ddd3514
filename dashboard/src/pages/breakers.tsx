import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, type Breaker, type Problem } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Badge } from "../parts/badge.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { Loading } from "../parts/loading.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { durationText } from "../parts/texts.ts";
import { Moment } from "../parts/units.tsx";
import { useSession } from "../session.ts";

/** Circuit breakers: how they stand, and a way to force them. */
export function Breakers() {
  const { may } = useSession();
  const now = useNow(1_000);
  const [forcing, setForcing] = useState<Breaker>();
  const [problem, setProblem] = useState<Problem>();
  const loaded = useLoaded((signal) => api.listBreakers({}, { signal }), "breakers", 3_000);
  const mayForce = may("connectors:write");
  const reset = async (key: string): Promise<void> => {
    const answer = await api.resetBreaker({ body: { key } });
    setProblem(answer.ok ? undefined : answer.problem);
    loaded.reload();
  };
  return (
    <section aria-labelledby="breakers">
      <h2 id="breakers">Circuit breakers</h2>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
      <Loading of={loaded} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted quiet-line">
              None has been used yet. Each stands for a connector, a host and a class of operation.
            </p>
          ) : (
            <DataTable<Breaker>
              label="Circuit breakers"
              rows={items}
              keyOf={({ key }) => key}
              columns={[
                {
                  key: "state",
                  title: "State",
                  cell: ({ state, forced }) => (
                    <StateBadge state={forced?.state ?? state} isForced={forced !== null} />
                  ),
                  sort: ({ state }) => state,
                },
                {
                  key: "key",
                  title: "Breaker",
                  isWide: true,
                  cell: ({ key, forced }) => (
                    <>
                      <code>{key}</code>
                      {forced === null ? null : (
                        <p className="muted small">
                          {forced.by}: {forced.reason}
                          {forced.until === null ? null : (
                            <>
                              {" "}
                              · until <Moment at={forced.until} now={now} />
                            </>
                          )}
                        </p>
                      )}
                    </>
                  ),
                  sort: ({ key }) => key,
                },
                {
                  key: "seen",
                  title: "Failed, slow, of",
                  isNumber: true,
                  cell: ({ failures, slow, attempts }) => `${failures}, ${slow}, ${attempts}`,
                  sort: ({ failures }) => failures,
                },
                {
                  key: "opened",
                  title: "Opened",
                  isNumber: true,
                  cell: ({ timesOpened, cooldownLeftMs }) =>
                    cooldownLeftMs > 0
                      ? `${timesOpened} × · tries in ${durationText(cooldownLeftMs)}`
                      : `${timesOpened} ×`,
                  sort: ({ timesOpened }) => timesOpened,
                },
                ...(mayForce
                  ? [
                      {
                        key: "act",
                        title: "Force",
                        cell: (breaker: Breaker) => (
                          <span className="row-acts">
                            <button
                              type="button"
                              className="button"
                              aria-label={`Force ${breaker.key}`}
                              onClick={() => setForcing(breaker)}
                            >
                              Force…
                            </button>
                            <button
                              type="button"
                              className="button"
                              aria-label={`Reset ${breaker.key}`}
                              onClick={() => void reset(breaker.key)}
                            >
                              Reset
                            </button>
                          </span>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          )
        }
      </Loading>
      {forcing === undefined ? null : (
        <Force
          breaker={forcing}
          onClose={() => {
            setForcing(undefined);
            loaded.reload();
          }}
        />
      )}
    </section>
  );
}

/** How a breaker stands for callers: as it was forced, or by what it has seen. */
function StateBadge({
  state,
  isForced,
}: {
  readonly state: Breaker["state"];
  readonly isForced: boolean;
}) {
  return (
    <Badge tone={state === "closed" ? "good" : state === "open" ? "bad" : "warn"}>
      {`${state.replace("_", " ")}${isForced ? ", forced" : ""}`}
    </Badge>
  );
}

const spans = { "until reset": undefined, "10 minutes": 600, "1 hour": 3_600, "1 day": 86_400 };
type Span = keyof typeof spans;

function Force({ breaker, onClose }: { readonly breaker: Breaker; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [state, setState] = useState<"open" | "closed">("open");
  const [span, setSpan] = useState<Span>("1 hour");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => dialog.current?.showModal(), []);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const { key } = breaker;
    const seconds = spans[span];
    const body = {
      key,
      state,
      reason: reason.trim(),
      ...(seconds === undefined ? {} : { seconds }),
    };
    const answer = await api.forceBreaker({ body });
    if (answer.ok) dialog.current?.close();
    else setProblem(answer.problem);
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="force-title" onClose={onClose}>
      <form className="form" onSubmit={(event) => void send(event)}>
        <h2 id="force-title">Force a breaker</h2>
        <code>{breaker.key}</code>
        <label>
          <span>It is</span>
          <select
            value={state}
            onChange={(event) => setState(event.target.value === "open" ? "open" : "closed")}
          >
            <option value="open">open: nothing goes through</option>
            <option value="closed">closed: everything goes through</option>
          </select>
        </label>
        <label>
          <span>For</span>
          <select value={span} onChange={(event) => setSpan(event.target.value as Span)}>
            {Object.keys(spans).map((word) => (
              <option key={word}>{word}</option>
            ))}
          </select>
        </label>
        <label>
          <span>Why; callers are told</span>
          <input required value={reason} onChange={(event) => setReason(event.target.value)} />
        </label>
        {problem === undefined ? null : <ProblemBox problem={problem} />}
        <div className="row-acts">
          <button type="submit" className="button danger">
            Force
          </button>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
        </div>
      </form>
    </dialog>
  );
}

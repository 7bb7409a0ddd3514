import { useRef, useState } from "react";
import { type AuditCheck, api, type DoctorFinding, type Problem } from "../api.ts";
import { examineMachine } from "../data/machine.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Badge } from "../parts/badge.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { countText } from "../parts/texts.ts";
import { useSession } from "../session.ts";
import { Standing } from "./standing.tsx";

const order = { fail: 0, warn: 1, ok: 2 } as const;
const tones = { fail: "bad", warn: "warn", ok: "good" } as const;

/** How the store and the machine are, and whether the audit is what it was. */
export function Store() {
  const { may } = useSession();
  const asked = useRef(false);
  const loaded = useLoaded(
    (signal) => examineMachine({ isFresh: asked.current }, signal),
    "doctor",
  );
  const again = (): void => {
    asked.current = true;
    loaded.reload();
  };
  const isOthers = loaded.problem?.code === "api.installation_only";
  return (
    <>
      <div className="title-line">
        <h1>Store and health</h1>
        <button type="button" className="button" onClick={again}>
          Look again
        </button>
      </div>
      {may("store:read") && !isOthers ? <Standing /> : null}
      {isOthers ? (
        <Empty title="This belongs to whoever runs the installation">
          Your tenant's runs, approvals and connectors are on the other pages.
        </Empty>
      ) : (
        <Loading of={loaded} lines={10}>
          {({ findings }) => (
            <DataTable<DoctorFinding>
              label="What works on the server's machine"
              rows={findings.toSorted((one, other) => order[one.state] - order[other.state])}
              keyOf={({ what, detail }) => `${what} ${detail}`}
              columns={[
                {
                  key: "state",
                  title: "State",
                  cell: ({ state }) => <Badge tone={tones[state]}>{state}</Badge>,
                  sort: ({ state }) => order[state],
                },
                {
                  key: "what",
                  title: "Found",
                  isWide: true,
                  cell: ({ what, detail, fix }) => (
                    <>
                      <strong>{what}</strong> {detail}
                      {fix === undefined ? null : <p className="muted small">{fix}</p>}
                    </>
                  ),
                  sort: ({ what }) => what,
                },
              ]}
            />
          )}
        </Loading>
      )}
      {may("audit:read") ? <Audit /> : null}
    </>
  );
}

function Audit() {
  const [verdict, setVerdict] = useState<AuditCheck>();
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setBusy] = useState(false);
  const check = async (): Promise<void> => {
    setBusy(true);
    const answer = await api.checkAudit();
    setBusy(false);
    setProblem(answer.ok ? undefined : answer.problem);
    if (answer.ok) setVerdict(answer.value);
  };
  return (
    <section aria-labelledby="audit">
      <div className="title-line">
        <h2 id="audit">Audit</h2>
        <button type="button" className="button" disabled={isBusy} onClick={() => void check()}>
          {isBusy ? "Checking…" : "Check every record"}
        </button>
      </div>
      <div role="status">
        {verdict === undefined ? (
          <p className="muted">
            Goes through the whole chain of records and says which are not what they were.
          </p>
        ) : (
          <p>
            <Badge tone={verdict.ok ? "good" : "bad"}>
              {verdict.ok ? "whole" : `${verdict.found} faults`}
            </Badge>{" "}
            {countText(verdict.records)} records, {countText(verdict.links)} links,{" "}
            {countText(verdict.checkpoints)} signed places
            {verdict.pending === 0 ? "" : `, ${countText(verdict.pending)} not linked yet`}
          </p>
        )}
      </div>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
      {verdict === undefined || verdict.ok ? null : (
        <ul className="faults">
          {verdict.findings.slice(0, 20).map(({ kind, message }, at) => (
            <li key={at}>
              <Badge tone="bad">{kind}</Badge> {message}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

import { useState } from "react";
import { api, type Problem, type StoreStanding } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Badge } from "../parts/badge.tsx";
import { Command } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { Tile, Tiles } from "../parts/tiles.tsx";
import { countText, durationText } from "../parts/texts.ts";
import { useSession } from "../session.ts";

const minuteMs = 60_000;

/** The store itself: its last check, its backups, and a way to have both made now. */
export function Standing() {
  const { may } = useSession();
  const [problem, setProblem] = useState<Problem>();
  const [said, setSaid] = useState("");
  const loaded = useLoaded((signal) => api.showStore({}, { signal }), "store", 5_000);
  const start = async (call: typeof api.checkStore, what: string): Promise<void> => {
    const answer = await call();
    setProblem(answer.ok ? undefined : answer.problem);
    setSaid(answer.ok ? what : "");
    loaded.reload();
  };
  return (
    <section aria-labelledby="standing">
      <div className="title-line">
        <h2 id="standing">Store</h2>
        {may("store:write") ? (
          <span className="row-acts">
            <button
              type="button"
              className="button"
              onClick={() => void start(api.checkStore, "All of the store is read now.")}
            >
              Check now
            </button>
            <button
              type="button"
              className="button"
              onClick={() => void start(api.makeBackup, "A backup is made now.")}
            >
              Back up now
            </button>
          </span>
        ) : null}
      </div>
      <p role="status" className="muted">
        {said}
      </p>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
      <Loading of={loaded} lines={2}>
        {(standing) => <Facts standing={standing} />}
      </Loading>
      <p className="muted small">
        Recovery and restoring are done on the machine, while no server works on the store:{" "}
        <Command>agent33 store --help</Command>
      </p>
    </section>
  );
}

function Facts({ standing }: { readonly standing: StoreStanding }) {
  const now = useNow(30_000);
  const { kind, schemaVersion, knownVersion, bytes, lastCheck, newestBackup, backups, recoveries } =
    standing;
  const ago = (at: number): string => `${durationText(Math.max(minuteMs, now - at))} ago`;
  const wanted = standing.keeps.backupEveryMinutes * minuteMs;
  const isLate = newestBackup !== null && wanted > 0 && now - newestBackup.at > 3 * wanted;
  return (
    <Tiles>
      <Tile
        title="Last check"
        note={
          lastCheck === null
            ? "none yet"
            : `${ago(lastCheck.at)}, ${countText(lastCheck.rows)} rows`
        }
      >
        {lastCheck === null ? (
          <Badge tone="plain">not yet</Badge>
        ) : (
          <Badge tone={lastCheck.sound ? "good" : "bad"}>
            {lastCheck.sound ? "sound" : "damaged"}
          </Badge>
        )}
      </Tile>
      <Tile
        title="Newest backup"
        note={newestBackup === null ? "none yet" : `${countText(backups)} kept`}
      >
        {newestBackup === null ? (
          <Badge tone="plain">not yet</Badge>
        ) : (
          <Badge tone={isLate ? "warn" : "good"}>{ago(newestBackup.at)}</Badge>
        )}
      </Tile>
      <Tile title="Size" note={`${kind}, schema ${schemaVersion}`}>
        {`${countText(Math.ceil(bytes / 1_024))} KiB`}
      </Tile>
      <Tile title="Recoveries" note={schemaVersion < knownVersion ? "schema is older" : undefined}>
        {countText(recoveries)}
      </Tile>
    </Tiles>
  );
}

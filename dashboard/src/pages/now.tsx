import { useMemo } from "react";
import { api, type Run, type SpendPoint } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { examineMachine } from "../data/machine.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Badge } from "../parts/badge.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Tile, Tiles } from "../parts/tiles.tsx";
import { TimeSeries } from "../parts/time-series.tsx";
import { countText, moneyText } from "../parts/texts.ts";
import { Money } from "../parts/units.tsx";
import { Link } from "../router.tsx";
import { useSession } from "../session.ts";
import { Questions } from "./questions.tsx";
import { RunTable } from "./runs.tsx";

const everyMs = 3_000;
/** As many as the API gives at once; where there are more, the page says so. */
const most = 1_000;

/** What an operator looks at first. */
export function Now() {
  const { may } = useSession();
  return (
    <>
      <h1>Now</h1>
      <Facts />
      {may("approvals:read") ? <Waiting /> : null}
      <Running />
      <Ended />
    </>
  );
}

/** The beginning of this day here. Milliseconds since the Unix epoch. */
function dayBegan(now: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function Facts() {
  const { may } = useSession();
  const since = dayBegan(useNow(60_000));
  const open = useLoaded(
    (signal) => api.listRuns({ state: "running", limit: most }, { signal }),
    "open",
    everyMs,
  );
  const runs = open.value?.items;
  return (
    <>
      <Tiles>
        <Tile title="Running" href="/runs?state=running">
          {runs === undefined ? undefined : countText(runs.filter(isRunning).length)}
        </Tile>
        <Tile title="Queued" href="/runs?state=running">
          {runs === undefined ? undefined : countText(runs.filter((run) => !isRunning(run)).length)}
        </Tile>
        {may("spend:read") ? <Spent since={since} /> : null}
        {may("connectors:read") ? <Breakers /> : null}
        {may("settings:read") ? <Health /> : null}
      </Tiles>
      {may("spend:read") ? <SpentByHour since={since} /> : null}
    </>
  );
}

const hourMs = 3_600_000;

function useSpend(since: number) {
  return useLoaded(
    (signal) => api.showSpend({ since, every: "hour", limit: 1 }, { signal }),
    `spend ${since}`,
    everyMs * 2,
  );
}

function Spent({ since }: { readonly since: number }) {
  const { value } = useSpend(since);
  const unpriced = value?.totals.unpricedCalls ?? 0;
  return (
    <Tile title="Spent today" note={unpriced === 0 ? undefined : `and ${unpriced} calls unpriced`}>
      {value === undefined ? undefined : <Money microUsd={value.totals.costMicroUsd} />}
    </Tile>
  );
}

/** What this day's calls cost, by the hour; nothing before there is something to see. */
function SpentByHour({ since }: { readonly since: number }) {
  const { value } = useSpend(since);
  const chart = useMemo(() => hoursOf(value?.series ?? [], since), [value, since]);
  if (chart === undefined) return null;
  return <TimeSeries label="Spent today, by the hour" text={moneyText} height={140} {...chart} />;
}

/** A value for each hour up to the newest in which there were calls. */
function hoursOf(points: readonly SpendPoint[], since: number) {
  const newest = Math.max(since, ...points.map(({ start }) => start));
  const costs = new Map(points.map(({ start, costMicroUsd }) => [start, costMicroUsd]));
  const first = points[0]?.start ?? since;
  const times = Array.from(
    { length: Math.floor((newest - first) / hourMs) + 1 },
    (_, hour) => first + hour * hourMs,
  );
  const values = times.map((time) => costs.get(time) ?? 0);
  if (values.length < 2 || values.every((cost) => cost === 0)) return undefined;
  return { times, series: [{ name: "spent", values }] };
}

function isRunning({ state }: Run): boolean {
  return state === "running";
}

function Breakers() {
  const { value } = useLoaded((signal) => api.listBreakers({}, { signal }), "breakers", everyMs);
  const open = value?.items.filter(({ state, forced }) => (forced?.state ?? state) !== "closed");
  return (
    <Tile title="Open breakers" href="/connectors">
      {open === undefined ? undefined : open.length === 0 ? (
        "0"
      ) : (
        <Badge tone="bad">{countText(open.length)}</Badge>
      )}
    </Tile>
  );
}

function Health() {
  const { value, problem } = useLoaded(
    (signal) => examineMachine({ isFresh: false }, signal),
    "doctor",
    600_000,
  );
  const failing = value?.findings.filter(({ state }) => state === "fail").length;
  return (
    <Tile title="Health" href="/store">
      {problem?.code === "api.installation_only" ? (
        <span className="muted">not yours to see</span>
      ) : failing === undefined ? undefined : failing === 0 ? (
        <Badge tone="good">all well</Badge>
      ) : (
        <Badge tone="bad">{`${failing} failing`}</Badge>
      )}
    </Tile>
  );
}

function Waiting() {
  const loaded = useLoaded(
    (signal) => api.listApprovals({ state: "pending" }, { signal }),
    "pending",
    everyMs,
  );
  return (
    <section aria-labelledby="waiting">
      <h2 id="waiting">Waiting for you</h2>
      <Loading of={loaded} lines={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted quiet-line">No call waits for an approval.</p>
          ) : (
            <Questions approvals={items} onDecided={loaded.reload} />
          )
        }
      </Loading>
    </section>
  );
}

function Running() {
  const now = useNow(1_000);
  const loaded = useLoaded(
    (signal) => api.listRuns({ state: "running", limit: 50 }, { signal }),
    "running",
    everyMs,
  );
  return (
    <section aria-labelledby="running">
      <h2 id="running">Running</h2>
      <Loading of={loaded} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing runs">
              Start something: <Command>agent33 run "Say hello." --queue</Command>
            </Empty>
          ) : (
            <RunTable label="Runs that run now" rows={items} now={now} />
          )
        }
      </Loading>
    </section>
  );
}

function Ended() {
  const now = useNow(10_000);
  const loaded = useLoaded(
    (signal) => api.listRuns({ state: "finished", limit: 8 }, { signal }),
    "ended",
    everyMs * 2,
  );
  return (
    <section aria-labelledby="ended">
      <h2 id="ended">Ended last</h2>
      <Loading of={loaded} lines={8}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted quiet-line">No run has ended yet.</p>
          ) : (
            <>
              <RunTable label="Runs that ended last" rows={items} now={now} />
              <p className="after-table">
                <Link href="/runs">All runs</Link>
              </p>
            </>
          )
        }
      </Loading>
    </section>
  );
}

import { useState } from "react";
import { AlertRecord } from "../alerts/alert-record.tsx";
import { History } from "../alerts/history.tsx";
import { Rules } from "../alerts/rules.tsx";
import { silenceOf } from "../alerts/silenced.ts";
import { Silences } from "../alerts/silences.tsx";
import { type Alert, type AlertRule, type AlertSilence, api, type Problem } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { type Loaded, useLoaded } from "../data/use-loaded.ts";
import { usePages } from "../data/use-pages.ts";
import { Choice } from "../parts/choice.tsx";
import { Command } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { oneOf, QueryPick } from "../parts/pick.tsx";
import { RecordList } from "../parts/record-list.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { Tile, Tiles } from "../parts/tiles.tsx";
import { countText } from "../parts/texts.ts";
import { go, usePlace } from "../router.tsx";
import { useSession } from "../session.ts";
import "../style/figures.css";

const views = ["alerts", "silences", "rules", "history"] as const;
const states = ["firing", "pending", "resolved"] as const;
const everyMs = 5_000;
const most = 1_000;

type Silencing = Loaded<{ readonly items: readonly AlertSilence[] }>;
type Ruling = Loaded<{ readonly items: readonly AlertRule[] }>;

/** What fires, who has it, what is silenced, and what would fire. */
export function Alerts() {
  const { query } = usePlace();
  const view = oneOf(views, query.get("view")) ?? "alerts";
  const now = useNow(60_000);
  const firing = useLoaded(
    (signal) => api.listAlerts({ state: "firing", limit: most }, { signal }),
    "firing",
    everyMs,
  );
  const silences = useLoaded(
    (signal) => api.listAlertSilences({ endsAfter: Date.now(), limit: most }, { signal }),
    "silences",
    everyMs,
  );
  const rules = useLoaded((signal) => api.listAlertRules({}, { signal }), "rules");
  const changed = (): void => {
    firing.reload();
    silences.reload();
  };
  return (
    <>
      <h1>Alerts</h1>
      <Facts firing={firing.value?.items} silences={silences.value?.items} now={now} />
      <div className="choices">
        <Choice
          label="What is shown"
          options={views.map((word) => [word, `${word.charAt(0).toUpperCase()}${word.slice(1)}`])}
          chosen={view}
          onChoose={(word) => go(word === "alerts" ? "/alerts" : `/alerts?view=${word}`)}
        />
        <Check onDone={changed} />
      </div>
      <View view={view} silences={silences} rules={rules} onChange={changed} />
    </>
  );
}

function View({
  view,
  silences,
  rules,
  onChange,
}: {
  readonly view: (typeof views)[number];
  readonly silences: Silencing;
  readonly rules: Ruling;
  readonly onChange: () => void;
}) {
  switch (view) {
    case "alerts":
      return <List silences={silences.value?.items ?? []} rules={rules} onChange={onChange} />;
    case "silences":
      return <Silences of={silences} onDone={onChange} />;
    case "rules":
      return (
        <Loading of={rules} lines={10}>
          {({ items }) => <Rules rules={items} />}
        </Loading>
      );
    case "history":
      return <History />;
    default:
      return view satisfies never;
  }
}

function Facts({
  firing,
  silences,
  now,
}: {
  readonly firing: readonly Alert[] | undefined;
  readonly silences: readonly AlertSilence[] | undefined;
  readonly now: number;
}) {
  const count = (fits: (alert: Alert) => boolean): string | undefined =>
    firing === undefined || silences === undefined
      ? undefined
      : countText(firing.filter(fits).length);
  const isTaken = ({ acknowledged }: Alert): boolean => acknowledged !== null;
  const isSilenced = (alert: Alert): boolean => silenceOf(alert, silences ?? [], now) !== undefined;
  return (
    <Tiles>
      <Tile title="Firing" href="/alerts?state=firing">
        {count(() => true)}
      </Tile>
      <Tile title="That nobody has" note="nor silenced">
        {count((alert) => !isTaken(alert) && !isSilenced(alert))}
      </Tile>
      <Tile title="Acknowledged">{count(isTaken)}</Tile>
      <Tile title="Silenced" href="/alerts?view=silences">
        {count(isSilenced)}
      </Tile>
    </Tiles>
  );
}

function List({
  silences,
  rules,
  onChange,
}: {
  readonly silences: readonly AlertSilence[];
  readonly rules: Ruling;
  readonly onChange: () => void;
}) {
  const { query } = usePlace();
  const now = useNow(30_000);
  const state = oneOf(states, query.get("state"));
  const loaded = usePages<Alert>(
    (page, signal) => api.listAlerts({ ...page, state }, { signal }),
    `alerts ${state ?? ""}`,
    everyMs,
  );
  const done = (): void => {
    loaded.reload();
    onChange();
  };
  return (
    <>
      <div className="filters">
        <QueryPick name="state" label="State" options={states} chosen={state} />
      </div>
      <RecordList
        label="Alerts"
        of={loaded}
        record={(alert) => (
          <AlertRecord
            key={alert.id}
            alert={alert}
            silence={silenceOf(alert, silences, now)}
            runbook={rules.value?.items.find(({ name }) => name === alert.rule)?.runbook}
            onDone={done}
          />
        )}
        unfit={
          state !== undefined
            ? { title: `No alert is ${state}`, href: "/alerts", all: "Show all alerts" }
            : undefined
        }
        empty={{
          title: "No alert has fired",
          text: (
            <>
              The engine looks every 30 seconds while <Command>agent33 serve</Command> or{" "}
              <Command>agent33 work</Command> runs. Who is told is set under{" "}
              <Command>alerts</Command> in the settings: <Command>agent33 alerts rules</Command>
            </>
          ),
        }}
      />
    </>
  );
}

/** Looks at all alerts now. */
function Check({ onDone }: { readonly onDone: () => void }) {
  const { may, told } = useSession();
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<Problem>();
  if (!may("alerts:write")) return null;
  const check = async (): Promise<void> => {
    setBusy(true);
    const answer = await api.checkAlerts();
    setBusy(false);
    setProblem(answer.ok ? undefined : answer.problem);
    if (answer.ok) {
      const { looked, firing } = answer.value;
      setSaid(looked ? `${firing.length} firing` : "another process was looking");
      onDone();
    } else told(answer.problem);
  };
  return (
    <>
      <div className="chosen">
        <button type="button" className="button" disabled={isBusy} onClick={() => void check()}>
          Look now
        </button>
        <span role="status" className="muted">
          {said}
        </span>
      </div>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
    </>
  );
}

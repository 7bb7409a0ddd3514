import { useMemo } from "react";
import { api, type Spend as Spent, type SpendItem } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Choice } from "../parts/choice.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { ModelName } from "../parts/model-name.tsx";
import { oneOf } from "../parts/pick.tsx";
import { Tile, Tiles } from "../parts/tiles.tsx";
import { TimeSeries } from "../parts/time-series.tsx";
import { countText, moneyText } from "../parts/texts.ts";
import { Money } from "../parts/units.tsx";
import { setQuery, usePlace } from "../router.tsx";
import { useSession } from "../session.ts";
import "../style/figures.css";
import { Budgets } from "../spend/budgets.tsx";
import { linesOf } from "../spend/lines.ts";

const dimensions = ["model", "tenant", "effort", "outcome", "connector"] as const;
type Dimension = (typeof dimensions)[number];

const titles: Readonly<Record<Dimension, string>> = {
  model: "Model",
  tenant: "Tenant",
  effort: "Effort",
  outcome: "Outcome",
  connector: "Connector",
};
/** What is said of calls that have no such thing. */
const without: Readonly<Record<Dimension, string>> = {
  model: "no model",
  tenant: "no tenant",
  effort: "no run",
  outcome: "no outcome",
  connector: "no connector",
};

const hourMs = 3_600_000;
const spans = {
  day: { title: "24 hours", hours: 24, every: "hour" },
  week: { title: "7 days", hours: 7 * 24, every: "hour" },
  month: { title: "30 days", hours: 30 * 24, every: "day" },
  all: { title: "All time", hours: undefined, every: "day" },
} as const;
const spanNames = ["day", "week", "month", "all"] as const;

const everyMs = 5_000;
/** Groups with a line of their own; the rest is one more. */
const lines = 5;
const mostGroups = 100;

/** What calls cost: by whom, by what, and over time. */
export function Spend() {
  const { may } = useSession();
  return (
    <>
      <h1>Spend</h1>
      <Costs />
      {may("budgets:read") ? <Budgets /> : null}
    </>
  );
}

/** What the page's address says is to be shown. */
function useAsked() {
  const { query } = usePlace();
  const span = oneOf(spanNames, query.get("span")) ?? "week";
  const by = oneOf(dimensions, query.get("by")) ?? "model";
  const { hours, every } = spans[span];
  // By whole hours, as it is counted, so that it is asked anew once an hour only.
  const hour = Math.floor(useNow(60_000) / hourMs);
  const since = hours === undefined ? undefined : (hour + 1 - hours) * hourMs;
  const where = Object.fromEntries(
    dimensions.flatMap((one) => {
      const word = query.get(one) ?? "";
      return word === "" ? [] : [[one, word] as const];
    }),
  ) as Readonly<Partial<Record<Dimension, string>>>;
  return { span, by, every, since, where };
}

function Costs() {
  const { span, by, every, since, where } = useAsked();
  const asked = { since, by, ...where };
  const about = JSON.stringify(asked);
  const loaded = useLoaded(
    (signal) => api.showSpend({ ...asked, limit: mostGroups }, { signal }),
    about,
    everyMs,
  );
  return (
    <>
      <div className="choices">
        <Choice
          label="Over how long"
          options={spanNames.map((name) => [name, spans[name].title])}
          chosen={span}
          onChoose={(word) => setQuery({ span: word })}
        />
        <Choice
          label="Put together by"
          options={dimensions.map((name) => [name, titles[name]])}
          chosen={by}
          onChoose={(word) => setQuery({ by: word })}
        />
      </div>
      <Chosen where={where} />
      <Loading of={loaded} lines={10}>
        {(spent) =>
          spent.totals.calls === 0 ? (
            <NoCalls span={span} isFiltered={Object.keys(where).length > 0} />
          ) : (
            <>
              <Totals spent={spent} />
              <Over by={by} every={every} asked={asked} />
              <Groups by={by} spent={spent} />
            </>
          )
        }
      </Loading>
    </>
  );
}

/** What the sums are narrowed to, each to be taken away. */
function Chosen({ where }: { readonly where: Readonly<Partial<Record<Dimension, string>>> }) {
  const entries = dimensions.flatMap((one) => {
    const word = where[one];
    return word === undefined ? [] : [[one, word] as const];
  });
  if (entries.length === 0) return null;
  return (
    <div className="chosen" role="group" aria-label="Only calls of">
      {entries.map(([one, word]) => (
        <button
          key={one}
          type="button"
          className="button"
          onClick={() => setQuery({ [one]: "" })}
          aria-label={`${titles[one]} ${word}: take away`}
        >
          {titles[one]}: {word} <span aria-hidden="true">×</span>
        </button>
      ))}
    </div>
  );
}

function NoCalls({
  span,
  isFiltered,
}: {
  readonly span: (typeof spanNames)[number];
  readonly isFiltered: boolean;
}) {
  const all = { span: "all", ...Object.fromEntries(dimensions.map((one) => [one, ""])) };
  const title = isFiltered
    ? "There were no such calls"
    : span === "all"
      ? "Nothing has been spent yet"
      : `Nothing was spent in ${spans[span].title}`;
  return (
    <Empty title={title}>
      {isFiltered ? null : (
        <p>
          Start a run: <Command>agent33 run "Say hello."</Command>
        </p>
      )}
      {isFiltered || span !== "all" ? (
        <button type="button" className="button" onClick={() => setQuery(all)}>
          Show all calls of all time
        </button>
      ) : null}
    </Empty>
  );
}

function Totals({ spent: { totals } }: { readonly spent: Spent }) {
  return (
    <Tiles>
      <Tile title="Spent">
        <span data-figure="spent">{moneyText(totals.costMicroUsd)}</span>
      </Tile>
      <Tile title="Calls">{countText(totals.calls)}</Tile>
      <Tile title="Tokens">{countText(totals.tokens)}</Tile>
      <Tile
        title="Calls without a price"
        note={totals.unpricedCalls === 0 ? undefined : "their money is in no sum"}
      >
        {countText(totals.unpricedCalls)}
      </Tile>
    </Tiles>
  );
}

interface Asked extends Readonly<Partial<Record<Dimension, string>>> {
  readonly since: number | undefined;
}

function Over({
  by,
  every,
  asked,
}: {
  readonly by: Dimension;
  readonly every: "hour" | "day";
  readonly asked: Asked & { readonly by: Dimension };
}) {
  const loaded = useLoaded(
    (signal) => api.showSpend({ ...asked, every, limit: lines }, { signal }),
    `${JSON.stringify(asked)} ${every}`,
    everyMs * 6,
  );
  const now = useNow(60_000);
  const until = Math.floor(now / hourMs) * hourMs;
  const chart = useMemo(
    () =>
      loaded.value === undefined
        ? undefined
        : linesOf(loaded.value, every, until, (group) => nameOf(by, group)),
    [loaded.value, every, until, by],
  );
  return (
    <Loading of={loaded} lines={5}>
      {() =>
        chart === undefined ? null : (
          <TimeSeries
            label={`Money by ${titles[by].toLowerCase()}, ${every === "hour" ? "hour by hour" : "day by day (UTC)"}`}
            text={moneyText}
            {...chart}
          />
        )
      }
    </Loading>
  );
}

function nameOf(by: Dimension, group: SpendItem["group"]): string {
  return group[by] ?? without[by];
}

interface Row {
  readonly key: string;
  readonly value: string | null;
  readonly name: string;
  readonly sums: Spent["totals"];
}

function Groups({ by, spent }: { readonly by: Dimension; readonly spent: Spent }) {
  const rows: readonly Row[] = [
    ...spent.items.map((item) => ({
      key: `=${item.group[by] ?? ""}`,
      value: item.group[by] ?? null,
      name: nameOf(by, item.group),
      sums: item,
    })),
    ...(spent.others === null
      ? []
      : [{ key: "", value: null, name: `${spent.others.groups} others`, sums: spent.others }]),
  ];
  return (
    <DataTable
      label={`Spend by ${titles[by].toLowerCase()}`}
      columns={groupColumns(by, spent.totals.costMicroUsd)}
      rows={rows}
      keyOf={({ key }) => key}
    />
  );
}

function groupColumns(by: Dimension, all: number): readonly Column<Row>[] {
  return [
    {
      key: "name",
      title: titles[by],
      isWide: true,
      cell: ({ name, value }) =>
        value === null ? (
          <span className="muted">{name}</span>
        ) : (
          <button
            type="button"
            className="sort row-link"
            title="Only these"
            onClick={() => setQuery({ [by]: value })}
          >
            {by === "model" ? <ModelName model={name} /> : name}
          </button>
        ),
      sort: ({ name }) => name,
    },
    {
      key: "share",
      title: "Share",
      cell: ({ sums }) => <Share of={all === 0 ? 0 : sums.costMicroUsd / all} />,
      sort: ({ sums }) => sums.costMicroUsd,
    },
    {
      key: "calls",
      title: "Calls",
      isNumber: true,
      cell: ({ sums }) => countText(sums.calls),
      sort: ({ sums }) => sums.calls,
    },
    {
      key: "tokens",
      title: "Tokens",
      isNumber: true,
      cell: ({ sums }) => countText(sums.tokens),
      sort: ({ sums }) => sums.tokens,
    },
    {
      key: "cost",
      title: "Cost",
      isNumber: true,
      cell: ({ sums }) => <Money microUsd={sums.costMicroUsd} unpricedCalls={sums.unpricedCalls} />,
      sort: ({ sums }) => sums.costMicroUsd,
    },
  ];
}

function Share({ of }: { readonly of: number }) {
  return (
    <span className="whole">
      <span className="share" aria-hidden="true">
        <span style={{ inlineSize: `${of * 100}%` }} />
      </span>
      <span className="number">{(of * 100).toFixed(of > 0 && of < 0.1 ? 1 : 0)} %</span>
    </span>
  );
}

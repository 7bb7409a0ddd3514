import { api, type Budget, type BudgetUse } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Badge } from "../parts/badge.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Meter, toneOf } from "../parts/meter.tsx";
import { countText, durationText, moneyText } from "../parts/texts.ts";
import { Moment } from "../parts/units.tsx";

const everyMs = 10_000;

const units = {
  costMicroUsd: { name: "", text: moneyText },
  tokens: { name: "tokens", text: countText },
  calls: { name: "calls", text: countText },
  milliseconds: { name: "time of calls", text: durationText },
} as const;
const unitNames = ["costMicroUsd", "tokens", "calls", "milliseconds"] as const;

/** An amount with what it is of. */
function said(unit: (typeof unitNames)[number], amount: number): string {
  const { name, text } = units[unit];
  return `${text(amount)} ${name}`.trim();
}

/** Budgets, and how full each is in the period that goes on. */
export function Budgets() {
  const loaded = useLoaded((signal) => api.listBudgets({}, { signal }), "budgets", everyMs);
  return (
    <section aria-labelledby="budgets">
      <h2 id="budgets">Budgets</h2>
      <Loading of={loaded} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No budget is set">
              Set one under <Command>budgets</Command> in the settings, for example{" "}
              <Command>
                {"team-month: { per: tenant, period: month, maxCostMicroUsd: 200000000 }"}
              </Command>
            </Empty>
          ) : (
            <ul className="records">
              {items.map((budget) => (
                <BudgetRecord key={budget.name} budget={budget} />
              ))}
            </ul>
          )
        }
      </Loading>
    </section>
  );
}

function BudgetRecord({
  budget: { name, per, period, limits, uses },
}: {
  readonly budget: Budget;
}) {
  const limited = unitNames.flatMap((unit) => {
    const limit = limits[unit];
    return limit === undefined ? [] : [said(unit, limit)];
  });
  return (
    <li className="record">
      <p className="record-head">
        <span className="record-title">{name}</span>
        <span className="record-facts">
          {limited.join(", ")} per {per}
          {period === null ? "" : period === "forever" ? ", for good" : ` and ${period}`}
        </span>
      </p>
      {uses.length > 0 ? (
        uses.map((use) => <Use key={use.id} use={use} />)
      ) : (
        <p className="muted">
          {period === null
            ? "It bounds each call by itself."
            : "Nobody has used it in this period."}
        </p>
      )}
    </li>
  );
}

function Use({ use: { budget, who, period, limits, used, reached } }: { readonly use: BudgetUse }) {
  const now = useNow(60_000);
  const bars = unitNames.flatMap((unit) => {
    const limit = limits[unit];
    return limit === undefined ? [] : [{ unit, limit, amount: used[unit] }];
  });
  return (
    <div className="use">
      {bars.map(({ unit, limit, amount }) => {
        const { text } = units[unit];
        const percent = limit === 0 ? 100 : (amount / limit) * 100;
        const words = `${text(amount)} of ${said(unit, limit)}`;
        const last = reached.filter((one) => one.limit === unit).at(-1);
        return (
          <div key={unit} className="use-bar">
            <p className="use-words">
              <span>
                {who} <span className="muted">{period}</span>
              </span>
              <span className="number">
                {words} <span className="muted">{percent.toFixed(percent < 10 ? 1 : 0)} %</span>
              </span>
            </p>
            <Meter label={`${budget}, ${who}: ${unit}`} percent={percent} text={words} />
            {last === undefined ? null : (
              <p className="small">
                <Badge tone={toneOf(last.percent)}>{`${last.percent} % reached`}</Badge>{" "}
                <Moment at={last.at} now={now} />
              </p>
            )}
          </div>
        );
      })}
    </div>
  );
}

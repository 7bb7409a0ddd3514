import { api, type RoutingDecision } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { usePages } from "../data/use-pages.ts";
import { Badge, RunBadge } from "../parts/badge.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { ModelName } from "../parts/model-name.tsx";
import { oneOf, QueryPick } from "../parts/pick.tsx";
import { countText } from "../parts/texts.ts";
import { Money, Moment } from "../parts/units.tsx";
import { Link, usePlace } from "../router.tsx";
import "../style/figures.css";
import { Estimate, Reasons, tiers } from "../routing/decided.tsx";
import { RoutingQuestion } from "../routing/question.tsx";

const sources = [
  "request",
  "tenant_domain",
  "tenant",
  "domain",
  "agent",
  "classifier",
  "default",
] as const;

/** What tier and model runs were given, why, and whether the estimate held. */
export function Routing() {
  const { query } = usePlace();
  const now = useNow(10_000);
  const tier = oneOf(tiers, query.get("tier"));
  const source = oneOf(sources, query.get("source"));
  const loaded = usePages<RoutingDecision>(
    (page, signal) => api.listDecisions({ ...page, tier, source }, { signal }),
    `decisions ${tier ?? ""} ${source ?? ""}`,
    5_000,
  );
  const isFiltered = tier !== undefined || source !== undefined;
  return (
    <>
      <h1>Routing</h1>
      <RoutingQuestion />
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <QueryPick name="tier" label="Tier" options={tiers} chosen={tier} />
        <QueryPick name="source" label="Who decided" options={sources} chosen={source} />
      </form>
      <Loading of={loaded} lines={10}>
        {({ items }) =>
          items.length > 0 ? (
            <div className="many-columns">
              <DataTable
                label="Routing decisions"
                columns={columns(now)}
                rows={items}
                keyOf={({ run }) => run}
                hrefOf={({ run }) => `/runs/${run}`}
                more={loaded.more}
              />
            </div>
          ) : isFiltered ? (
            <Empty title="No decision fits">
              <Link href="/routing">Show all decisions</Link>
            </Empty>
          ) : (
            <Empty title="No run has been routed yet">
              Start one: <Command>agent33 run "Say hello."</Command> Tiers are set under{" "}
              <Command>routing</Command> in the settings.
            </Empty>
          )
        }
      </Loading>
    </>
  );
}

function columns(now: number): readonly Column<RoutingDecision>[] {
  return [
    {
      key: "why",
      title: "Why",
      isWide: true,
      cell: (decision) => <Why decision={decision} />,
    },
    {
      key: "tier",
      title: "Tier and model",
      cell: ({ tier, model }) => (
        <>
          <Badge tone={tier === "high" ? "busy" : "plain"}>{tier}</Badge>
          <br />
          <span className="small">
            <ModelName model={model} />
          </span>
        </>
      ),
      sort: ({ tier, model }) => `${tiers.indexOf(tier)} ${model}`,
    },
    {
      key: "estimate",
      title: "Estimate",
      isNumber: true,
      cell: ({ estimate }) => <Estimate estimate={estimate} />,
      sort: ({ estimate }) => estimate?.tokens.p50 ?? -1,
    },
    {
      key: "actual",
      title: "Actual",
      isNumber: true,
      cell: (decision) => <Actual decision={decision} />,
      sort: ({ actual }) => actual?.tokens ?? -1,
    },
    {
      key: "ended",
      title: "Ended",
      cell: ({ outcome }) => (
        <RunBadge state={outcome === null ? "running" : "finished"} outcome={outcome} />
      ),
      sort: ({ outcome }) => outcome ?? "",
    },
    {
      key: "at",
      title: "When",
      isNumber: true,
      cell: ({ at }) => <Moment at={at} now={now} />,
      sort: ({ at }) => at,
    },
  ];
}

function Why({
  decision: { run, agent, source, modelSource, domain, reasons, confidence, attempt, replayOf },
}: {
  readonly decision: RoutingDecision;
}) {
  const facts = [
    ...(attempt > 1 ? [`attempt ${attempt}, one tier up`] : []),
    ...(replayOf === null ? [] : ["a replay"]),
    ...(domain === null ? [] : [`domain ${domain}`]),
    ...(modelSource === null ? [] : [`model by ${modelSource}`]),
    ...(confidence === null ? [] : [`confidence ${confidence.toFixed(3)}`]),
  ];
  return (
    <>
      <Link href={`/runs/${run}`} className="row-link">
        {agent}, by {source.replaceAll("_", " ")}
      </Link>
      <Reasons reasons={[...reasons, ...(facts.length === 0 ? [] : [facts.join(" · ")])]} />
    </>
  );
}

function Actual({ decision: { estimate, actual } }: { readonly decision: RoutingDecision }) {
  if (actual === null) return <span className="muted">–</span>;
  const isAbove = estimate !== null && actual.tokens > estimate.tokens.p90;
  return (
    <>
      <Money microUsd={actual.costMicroUsd} unpricedCalls={actual.unpricedCalls} />
      <br />
      <span className="muted small">{countText(actual.tokens)} tokens</span>
      {isAbove ? (
        <>
          <br />
          <Badge tone="warn">above nine of ten</Badge>
        </>
      ) : null}
    </>
  );
}

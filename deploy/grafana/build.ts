import { PanelBuilder as BarsBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  LegendDisplayMode,
  LegendPlacement,
  VizLegendOptionsBuilder,
  VizOrientation,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  type Dashboard,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Board, Chart } from "./chart.ts";

/** Grafana asks for it at the top of each dashboard; nothing of it is in the panels. */
const source = { type: "prometheus", uid: "$datasource" } as const;

/** A dashboard as Grafana provisions it. */
export function dashboardOf(board: Board): Dashboard {
  const builder = new DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.about)
    .tags(["agent33"])
    .time({ from: "now-6h", to: "now" })
    .refresh("30s")
    .readonly()
    .withVariable(
      new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"),
    );
  if (board.byTenant === true) {
    builder.withVariable(
      new QueryVariableBuilder("tenant")
        .label("Tenant")
        .datasource(source)
        .query("label_values(agent33_tenant_calls_total, tenant)")
        .multi(true)
        .includeAll(true)
        .allValue(".*"),
    );
  }
  let id = 0;
  for (const { title, charts } of board.rows) {
    id += 1;
    builder.withRow(new RowBuilder(title).id(id));
    for (const chart of charts) {
      id += 1;
      builder.withPanel(panelOf(chart, id));
    }
  }
  return builder.build();
}

function panelOf(chart: Chart, id: number): Builder<Panel> {
  const { title, about, unit, queries, kind } = chart;
  const panel = builderOf(chart)
    .id(id)
    .title(title)
    .description(about)
    .datasource(source)
    .unit(unit)
    // A counter that never counted has no line at all.
    .noValue("none")
    .span(kind === "stat" ? 4 : 12)
    .height(kind === "stat" ? 4 : 8);
  for (const [place, { expr, legend }] of queries.entries()) {
    const query = new DataqueryBuilder()
      .datasource(source)
      .refId(String.fromCharCode(65 + place))
      .expr(expr)
      .legendFormat(legend);
    panel.withTarget(kind === "time" ? query.range() : query.instant());
  }
  const limits = thresholdsOf(chart);
  return limits === undefined ? panel : panel.thresholds(limits);
}

function builderOf({ kind, redFrom, redBelow }: Chart) {
  switch (kind) {
    case "stat": {
      const judged = redFrom !== undefined || redBelow !== undefined;
      return new StatBuilder().colorMode(
        judged ? BigValueColorMode.Background : BigValueColorMode.None,
      );
    }
    case "bars":
      return new BarsBuilder().orientation(VizOrientation.Horizontal).min(0);
    case "table":
      return new TableBuilder();
    case "time":
      return new TimeBuilder()
        .min(0)
        .legend(
          new VizLegendOptionsBuilder()
            .showLegend(true)
            .displayMode(LegendDisplayMode.List)
            .placement(LegendPlacement.Bottom),
        );
  }
}

function thresholdsOf({ redFrom, redBelow }: Chart): ThresholdsConfigBuilder | undefined {
  if (redFrom === undefined && redBelow === undefined) return undefined;
  const steps =
    redFrom === undefined
      ? [
          { value: null, color: "red" },
          { value: redBelow ?? 0, color: "green" },
        ]
      : [
          { value: null, color: "green" },
          { value: redFrom, color: "red" },
        ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

/** The file that Grafana reads. */
export function fileOf(board: Board): { readonly name: string; readonly text: string } {
  const text = `${JSON.stringify(dashboardOf(board), undefined, 2)}\n`;
  return { name: `${board.uid}.json`, text };
}

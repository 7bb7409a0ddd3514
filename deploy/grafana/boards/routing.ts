import { type Board, growth, rate, share, usd } from "../chart.ts";

/** How effort is decided, and whether that pays. */
export const routing: Board = {
  uid: "agent33-routing",
  title: "AGENT-33: routing of effort",
  about: "Which tiers runs get and who decides, what is escalated, and what a tier costs.",
  rows: [
    {
      title: "Decisions",
      charts: [
        {
          title: "Tiers",
          about: "Decisions a second.",
          kind: "time",
          unit: "short",
          queries: [
            { expr: rate("agent33_effort_decisions_total", ["effort"]), legend: "{{effort}}" },
          ],
        },
        {
          title: "Who decides",
          about:
            "Decisions in the time that is shown: a person, a rule, the classifier, the default.",
          kind: "bars",
          unit: "short",
          queries: [
            { expr: growth("agent33_effort_decisions_total", ["source"]), legend: "{{source}}" },
          ],
        },
        {
          title: "High effort",
          about: "Share of all decisions.",
          kind: "stat",
          unit: "percentunit",
          redFrom: 0.4,
          queries: [
            {
              expr: share(
                growth("agent33_effort_decisions_total", [], { where: 'effort="high"' }),
                growth("agent33_effort_decisions_total"),
              ),
              legend: "share",
            },
          ],
        },
        {
          title: "Escalated",
          about: "Failed attempts that were made again one tier up, of all that began.",
          kind: "stat",
          unit: "percentunit",
          redFrom: 0.5,
          queries: [
            {
              expr: share(
                growth("agent33_escalations_total"),
                growth("agent33_effort_decisions_total"),
              ),
              legend: "share",
            },
          ],
        },
      ],
    },
    {
      title: "What comes of them",
      charts: [
        {
          title: "Escalations",
          about: "In the time that is shown.",
          kind: "bars",
          unit: "short",
          queries: [
            {
              expr: growth("agent33_escalations_total", ["from", "to"]),
              legend: "{{from}} to {{to}}",
            },
            {
              expr: growth("agent33_escalations_refused_total", ["from"]),
              legend: "{{from}}, not made again",
            },
          ],
        },
        {
          title: "Cost of a run",
          about: "US dollars, by tier, in the time that is shown.",
          kind: "bars",
          unit: "currencyUSD",
          queries: [
            {
              expr: usd(
                share(
                  growth("agent33_run_cost_micro_usd_total", ["effort"]),
                  growth("agent33_runs_finished_total", ["effort"]),
                ),
              ),
              legend: "{{effort}}",
            },
          ],
        },
        {
          title: "Outcomes by tier",
          about: "Runs in the time that is shown.",
          kind: "table",
          unit: "short",
          queries: [
            {
              expr: growth("agent33_runs_finished_total", ["effort", "run_outcome"]),
              legend: "{{effort}} {{run_outcome}}",
            },
          ],
        },
        {
          title: "Models that were left",
          about: "They could not answer, and another stood in: by what failed.",
          kind: "time",
          unit: "short",
          queries: [
            { expr: rate("agent33_model_fallbacks_total", ["failure"]), legend: "{{failure}}" },
          ],
        },
      ],
    },
  ],
};

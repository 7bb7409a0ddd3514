import { type Board, growth, level, quantile, rate, share } from "../chart.ts";

/** What agents do: how many runs, what comes of them, how long they take. */
export const runs: Board = {
  uid: "agent33-runs",
  title: "AGENT-33: runs",
  about: "Open runs, ends, failures by class, time and questions to people.",
  rows: [
    {
      title: "Runs",
      charts: [
        {
          title: "Open runs and questions",
          about: "A question waits for a person: agent33 approvals list.",
          kind: "time",
          unit: "short",
          queries: [
            { expr: level("agent33_runs_open"), legend: "runs" },
            { expr: level("agent33_approvals_waiting"), legend: "questions" },
          ],
        },
        {
          title: "Ends by outcome",
          about: "Runs in the time that is shown.",
          kind: "bars",
          unit: "short",
          queries: [
            {
              expr: growth("agent33_runs_finished_total", ["run_outcome"]),
              legend: "{{run_outcome}}",
            },
          ],
        },
        {
          title: "Verified",
          about: "Share of the runs that ended in the time that is shown.",
          kind: "stat",
          unit: "percentunit",
          queries: [
            {
              expr: share(
                growth("agent33_runs_finished_total", [], { where: 'run_outcome="verified"' }),
                growth("agent33_runs_finished_total"),
              ),
              legend: "share",
            },
          ],
        },
        {
          title: "Runs that began, by tenant",
          about: "A second.",
          kind: "time",
          unit: "short",
          queries: [{ expr: rate("agent33_tenant_runs_total", ["tenant"]), legend: "{{tenant}}" }],
        },
        {
          title: "Time of a run",
          about: "Half and 95 of 100 runs are faster, by effort.",
          kind: "time",
          unit: "s",
          queries: [0.5, 0.95].map((part) => ({
            expr: quantile(part, "gen_ai_invoke_agent_duration_seconds", ["effort"]),
            legend: `{{effort}} p${part * 100}`,
          })),
        },
        {
          title: "Failed runs by class",
          about: "A second: F-ENV the machine, F-DEP another system, F-RES a limit, and so on.",
          kind: "time",
          unit: "short",
          queries: [
            { expr: rate("agent33_run_failures_total", ["failure"]), legend: "{{failure}}" },
          ],
        },
      ],
    },
  ],
};

import { type Board, growth, level, quantile, rate } from "../chart.ts";

/** What leaves the process: how much, how fast, what fails, what policy says. */
export const calls: Board = {
  uid: "agent33-calls",
  title: "AGENT-33: calls and breakers",
  about: "By connector: pace, time, failures, attempts; policy's word; circuit breakers.",
  rows: [
    {
      title: "Calls",
      charts: [
        {
          title: "Calls by connector",
          about: "A second, those that were denied too.",
          kind: "time",
          unit: "reqps",
          queries: [{ expr: rate("agent33_calls_total", ["connector"]), legend: "{{connector}}" }],
        },
        {
          title: "Time of a call",
          about: "95 of 100 calls of the connector are faster, attempts and all.",
          kind: "time",
          unit: "s",
          queries: [
            {
              expr: quantile(0.95, "agent33_call_duration_seconds", ["connector"]),
              legend: "{{connector}}",
            },
          ],
        },
        {
          title: "Failures by class",
          about: "A second. F-DEP: the other side; F-SEC: refused for safety; F-RES: a limit.",
          kind: "time",
          unit: "short",
          queries: [
            { expr: rate("agent33_call_failures_total", ["failure"]), legend: "{{failure}}" },
          ],
        },
        {
          title: "Attempts beyond the first",
          about: "A second, by connector.",
          kind: "time",
          unit: "short",
          queries: [
            { expr: rate("agent33_call_retries_total", ["connector"]), legend: "{{connector}}" },
          ],
        },
        {
          title: "What policy says",
          about: "Calls in the time that is shown.",
          kind: "bars",
          unit: "short",
          queries: [{ expr: growth("agent33_calls_total", ["decision"]), legend: "{{decision}}" }],
        },
        {
          title: "Tenants",
          about: "Calls a second.",
          kind: "time",
          unit: "reqps",
          queries: [{ expr: rate("agent33_tenant_calls_total", ["tenant"]), legend: "{{tenant}}" }],
        },
      ],
    },
    {
      title: "Breakers",
      charts: [
        {
          title: "Breakers by state",
          about: "Those that have ever opened or been forced.",
          kind: "time",
          unit: "short",
          queries: [{ expr: level("agent33_breakers", ["state"]), legend: "{{state}}" }],
        },
        {
          title: "Openings",
          about: "In the time that is shown.",
          kind: "stat",
          unit: "short",
          redFrom: 1,
          queries: [{ expr: growth("agent33_breaker_openings_total"), legend: "openings" }],
        },
      ],
    },
    {
      title: "Models and tools",
      charts: [
        {
          title: "Time of a question to a model",
          about: "95 of 100 are answered faster.",
          kind: "time",
          unit: "s",
          queries: [
            {
              expr: quantile(0.95, "gen_ai_client_operation_duration_seconds", [
                "gen_ai_request_model",
              ]),
              legend: "{{gen_ai_request_model}}",
            },
          ],
        },
        {
          title: "Time of a tool",
          about: "95 of 100 calls are faster.",
          kind: "time",
          unit: "s",
          queries: [
            {
              expr: quantile(0.95, "gen_ai_execute_tool_duration_seconds", ["gen_ai_tool_name"]),
              legend: "{{gen_ai_tool_name}}",
            },
          ],
        },
        {
          title: "Results that look like orders",
          about: "In the time shown, of tools, by how sure it is.",
          kind: "time",
          unit: "short",
          redFrom: 1,
          queries: [{ expr: growth("agent33_injections_total", ["level"]), legend: "{{level}}" }],
        },
        {
          title: "Tokens",
          about: "A second, by effort.",
          kind: "time",
          unit: "short",
          queries: [{ expr: rate("agent33_call_tokens_total", ["effort"]), legend: "{{effort}}" }],
        },
        {
          title: "Tokens of a question",
          about: "Half of the questions are smaller, in and out.",
          kind: "time",
          unit: "short",
          queries: [
            {
              expr: quantile(0.5, "gen_ai_client_token_usage", ["gen_ai_token_type"]),
              legend: "{{gen_ai_token_type}}",
            },
          ],
        },
      ],
    },
  ],
};

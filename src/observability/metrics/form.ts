/** The text formats that figures are shown in. */
export const metricsForms = ["prometheus", "openmetrics"] as const;
export type MetricsForm = (typeof metricsForms)[number];

/** What an HTTP header says of a form. */
export const metricsContentTypes: Readonly<Record<MetricsForm, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * The form that somebody asked for (RFC 9110, section 12.5.1). Prometheus asks for OpenMetrics first;
 * who says nothing of it gets the older format.
 * @param accept the header's value
 */
export function acceptedForm(accept: string | undefined): MetricsForm {
  const wanted = new Map(
    (accept ?? "").split(",").map((part) => {
      const [type = "", ...parameters] = part.split(";").map((word) => word.trim().toLowerCase());
      const weight = parameters.find((word) => word.startsWith("q="))?.slice(2) ?? "1";
      return [type, Number(weight)] as const;
    }),
  );
  const open = wanted.get("application/openmetrics-text") ?? 0;
  const plain = wanted.get("text/plain") ?? 0;
  return open > 0 && open >= plain ? "openmetrics" : "prometheus";
}

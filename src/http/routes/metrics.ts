import { z } from "zod";
import { acceptedForm } from "../../engine/face.ts";
import { requireInstallation } from "../installation.ts";
import { defineText, type Route } from "../route.ts";

const readMetrics = defineText({
  name: "readMetrics",
  method: "GET",
  path: "/metrics",
  tag: "metrics",
  scope: "metrics:read",
  effect: "read",
  summary: "Read the figures that Prometheus takes",
  description:
    "What `agent33 metrics` prints, over all tenants: for whoever runs the installation. Sums come from the store, so every server of one store says the same. With `Accept: application/openmetrics-text` it is OpenMetrics 1.0, in which series of calls have the newest call as their exemplar.",
  answer: { forms: { "text/plain": z.string(), "application/openmetrics-text": z.string() } },
  handle: async (call) => {
    requireInstallation(call);
    const { metrics } = call.engine;
    const form = acceptedForm(call.header("accept"));
    return { contentType: metrics.contentType(form), text: await metrics.text(form) };
  },
});

/** What an operator watches. */
export const metricsRoutes: readonly Route[] = [readMetrics];

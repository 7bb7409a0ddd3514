import { z } from "zod";
import { requireInstallation } from "../installation.ts";
import { defineText, type Route } from "../route.ts";

const metrics = defineText({
  name: "readMetrics",
  method: "GET",
  path: "/metrics",
  tag: "metrics",
  scope: "metrics:read",
  effect: "read",
  summary: "Read the figures that Prometheus takes",
  description:
    "What `agent33 metrics` prints, over all tenants: for whoever runs the installation. Sums come from the store, so every server of one store says the same.",
  answer: { forms: { "text/plain": z.string() } },
  handle: async (call) => {
    requireInstallation(call);
    const { contentType } = call.engine.metrics;
    return { contentType, text: await call.engine.metrics.text() };
  },
});

/** What an operator watches. */
export const metricsRoutes: readonly Route[] = [metrics];

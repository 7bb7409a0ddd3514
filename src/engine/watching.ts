import { type Alerts, type AlertsParts, createAlerts } from "./alerts.ts";
import type { Audit } from "./audit.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createRetention, type Retention } from "./retention.ts";
import { createTelemetry, type TelemetryExports } from "./telemetry.ts";

/** What is read from the store of what the engine does, for those who watch it. */
export interface Watching {
  readonly telemetry: TelemetryExports;
  readonly alerts: Alerts;
  readonly metrics: Metrics;
  readonly retention: Retention;
}

/**
 * Exports, alerts, metrics and retention know of each other: alerts look at what metrics say and at
 * how exports stand, metrics say how both are, and nothing is removed that any of them has not read.
 * @throws Agent33Error `alerts.*` for settings that do not go together
 */
export function createWatching(
  parts: Omit<AlertsParts, "levels"> & { readonly audit: Audit },
): Watching {
  const telemetry = createTelemetry({ ...parts, settings: parts.settings.telemetry });
  const alerts = createAlerts({
    ...parts,
    levels: async (tenants) => ({
      ...(await metrics.gauges(tenants)),
      ...(await telemetry.gauges()),
    }),
  });
  const exports = async () => ({ ...(await telemetry.gauges()), ...(await alerts.gauges()) });
  const metrics = createMetrics({ ...parts, exports });
  const retention = createRetention({ ...parts, metrics, telemetry });
  return { telemetry, alerts, metrics, retention };
}

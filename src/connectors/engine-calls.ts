/**
 * Ids of calls that the engine makes for itself, by what they are for. No name in the settings has a
 * dot, so nobody's connector shares a breaker and limits with these.
 */
export const engineCalls = {
  alerts: "http:engine.alerts",
  alertMessages: "messaging:engine.alerts",
  approvals: "http:engine.approvals",
  doctor: "http:engine.doctor",
  telemetry: "http:engine.telemetry",
  keySet: "http:engine.key-set",
} as const;

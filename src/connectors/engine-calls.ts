/**
 * Ids of calls that the engine makes for itself, by what they are for. No name in the settings has a
 * dot, so nobody's connector shares a breaker and limits with these.
 */
export const engineCalls = {
  approvals: "http:engine.approvals",
  doctor: "http:engine.doctor",
  telemetry: "http:engine.telemetry",
  keySet: "http:engine.key-set",
  release: "http:engine.release",
} as const;

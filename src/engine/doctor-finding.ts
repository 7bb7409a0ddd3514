/** One thing that the doctor looked at. */
export interface DoctorFinding {
  readonly what: string;
  /** `fail` keeps AGENT-33 from working; `warn` keeps a part of it from working. */
  readonly state: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

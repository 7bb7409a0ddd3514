import { describe, expect, test } from "vitest";
import { readLegacyIntake } from "./legacy-intake.ts";
import { readLegacySignal } from "./legacy-signal.ts";

const now = Date.UTC(2026, 5, 1);

const signal = {
  signal_id: "LS-0123456789ab",
  recorded_at: "2026-03-01T00:00:00+00:00",
  signal_type: "bug",
  severity: "high",
  tenant_id: "acme",
  summary: "Retrieval timed out for a topic",
};

const intake = {
  intake_id: "RI-0123456789ab",
  tenant_id: "default",
  classification: { research_type: "technical" },
  content: { title: "Look into timeouts", source_date: "last spring" },
  disposition: {
    status: "accepted",
    decision_date: "2026-03-02T10:00:00",
    decision_by: "ann",
    rationale: "It hurts",
    action_items: ["one", { text: "two" }],
  },
};

describe("a signal", () => {
  test("needs only what every version wrote", () => {
    expect(readLegacySignal(signal)).toEqual({
      ok: true,
      value: {
        id: "LS-0123456789ab",
        tenant: "acme",
        link: undefined,
        naive: false,
        record: {
          id: "LS-0123456789ab",
          type: "bug",
          severity: "high",
          summary: "Retrieval timed out for a topic",
          details: "",
          source: "",
          context: {},
          quality: expect.objectContaining({ label: "low" }),
          occurrences: 1,
          recordedAt: Date.UTC(2026, 2, 1),
          lastSeenAt: Date.UTC(2026, 2, 1),
          state: "open",
          stateReason: null,
          stateBy: null,
          stateAt: null,
          intakeId: null,
        },
      },
    });
  });

  test("was last seen when it says so, never before it was recorded", () => {
    const seen = (last_seen: string) => {
      const read = readLegacySignal({ ...signal, occurrence_count: 3, last_seen });
      return read.ok ? [read.value.record.occurrences, read.value.record.lastSeenAt] : [];
    };
    expect(seen("2026-03-05T00:00:00Z")).toEqual([3, Date.UTC(2026, 2, 5)]);
    expect(seen("2026-02-01T00:00:00Z")).toEqual([3, Date.UTC(2026, 2, 1)]);
  });

  test("is told every problem at once", () => {
    const read = readLegacySignal({ ...signal, severity: "bad", recorded_at: 5, summary: "" });
    expect(read.ok ? [] : read.problems.map((problem) => problem.split(":")[0])).toEqual([
      "recorded_at",
      "severity",
      "summary",
    ]);
  });
});

describe("an intake", () => {
  test("comes with its decision, and with what has no place of its own", () => {
    const read = readLegacyIntake({ ...intake, reviewer: "bob" }, now);
    expect(read.ok ? read.value : read.problems).toMatchObject({
      naive: true,
      link: undefined,
      record: {
        submittedBy: "unknown",
        submittedAt: Date.UTC(2026, 2, 2, 10),
        automatic: false,
        classification: { researchType: "technical", category: "", urgency: "medium" },
        analysis: { legacy: { reviewer: "bob", source_date: "last spring" } },
        disposition: {
          state: "accepted",
          decidedAt: Date.UTC(2026, 2, 2, 10),
          decidedBy: "ann",
          actionItems: ["one", '{"text":"two"}'],
        },
        quality: null,
      },
    });
  });

  test("that does not say when it was submitted is of now", () => {
    const { disposition: _, ...open } = intake;
    const read = readLegacyIntake(open, now);
    expect(read.ok ? read.value.record : undefined).toMatchObject({
      submittedAt: now,
      disposition: { state: "submitted" },
    });
  });

  test("of an unknown state or kind is none", () => {
    const state = readLegacyIntake({ ...intake, disposition: { status: "lost" } }, now);
    expect(state.ok ? "" : state.problems.join()).toContain('"lost" is not one of submitted');
    const kind = readLegacyIntake({ ...intake, classification: { research_type: "magic" } }, now);
    expect(kind.ok ? "" : kind.problems.join()).toContain('"magic" is not one of external');
  });
});

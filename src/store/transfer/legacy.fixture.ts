import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Backend } from "../backend.ts";
import { memoryBackend } from "./transfer.fixture.ts";

/** Stores and folders for one test, which `cleanUp` takes away. */
export function legacyBench(): {
  readonly store: () => Backend;
  readonly folder: () => string;
  readonly cleanUp: () => Promise<void>;
} {
  const cleanUps: (() => Promise<void> | void)[] = [];
  return {
    store: () => {
      const backend = memoryBackend();
      cleanUps.push(() => backend.close());
      return backend;
    },
    folder: () => {
      const path = mkdtempSync(join(tmpdir(), "agent33-legacy-"));
      cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
      return path;
    },
    cleanUp: async () => {
      for (const cleanUp of cleanUps.splice(0)) await cleanUp();
    },
  };
}

/** A signal as the Python engine writes it. */
export function pythonSignal(index: number, more: object = {}): Record<string, unknown> {
  const severity = ["low", "medium", "high", "critical"][index % 4];
  return {
    signal_id: `LS-${index.toString(16).padStart(12, "0")}`,
    recorded_at: new Date(Date.UTC(2026, 2, 1) + index * 61_000)
      .toISOString()
      .replace("Z", "+00:00"),
    signal_type: ["bug", "incident", "feedback"][index % 3],
    severity,
    tenant_id: index % 5 === 0 ? "acme" : "default",
    summary: `Retrieval timed out for topic ${index} — größer als 30 s`,
    details: `Line one of ${index}\nline two, with "quotes", {braces} and [brackets]`,
    source: index % 2 === 0 ? "api" : "worker",
    context: { run: `run-${index}`, host: "h{1}" },
    quality_score: ((index * 7) % 1000) / 1000,
    quality_label: "medium",
    quality_reasons: ["context_missing"],
    enrichment: { has_source: "true", context_items: "2", summary_length: "40" },
    intake_generated: false,
    related_intake_id: null,
    ...more,
  };
}

/** An intake as the Python engine makes it of a signal. */
export function pythonIntake(index: number, more: object = {}): Record<string, unknown> {
  const signal = pythonSignal(index);
  return {
    intake_id: `RI-${index.toString(16).padStart(12, "0")}`,
    submitted_at: signal["recorded_at"],
    submitted_by: "learning-signals",
    tenant_id: signal["tenant_id"],
    generated_from_signal_id: signal["signal_id"],
    automated_quality_score: 0.5,
    automated_quality_label: "medium",
    classification: { research_type: "internal", category: "learning:bug", urgency: "high" },
    content: {
      title: String(signal["summary"]).slice(0, 100),
      summary: signal["details"],
      source: "api",
      source_date: "2026-03-01",
    },
    relevance: {
      impact_areas: ["quality:medium"],
      affected_phases: [31],
      affected_agents: [],
      priority_score: 8,
    },
    analysis: { key_findings: ["one"], confidence: 0.5 },
    disposition: {
      status: "submitted",
      decision_date: null,
      decision_by: "",
      rationale: "",
      action_items: [],
    },
    tracking: { backlog_refs: [], roadmap_impact: "", implementation_target: "" },
    ...more,
  };
}

export interface PythonState {
  readonly signals: Record<string, unknown>[];
  readonly generated_intakes: Record<string, unknown>[];
  readonly signal_intake_map: Record<string, unknown>;
}

/** A state with an intake for every tenth signal, linked in all the ways that the engine has. */
export function pythonState(count: number): PythonState {
  const withIntake = (index: number): boolean => index % 10 === 3;
  const indexes = Array.from({ length: count }, (_, index) => index);
  const signals = indexes.map((index) =>
    withIntake(index)
      ? pythonSignal(index, {
          intake_generated: true,
          related_intake_id: pythonIntake(index)["intake_id"],
        })
      : pythonSignal(index),
  );
  const intakes = indexes.filter(withIntake).map((index) => pythonIntake(index));
  const map = intakes.map((intake) => [intake["generated_from_signal_id"], intake["intake_id"]]);
  return {
    signals,
    generated_intakes: intakes,
    signal_intake_map: Object.fromEntries(map) as Record<string, unknown>,
  };
}

/** The SQLite file that the Python engine writes. */
export function writePythonDatabase(path: string, payload: string | Uint8Array): void {
  const database = new DatabaseSync(path);
  try {
    database.exec(
      "CREATE TABLE learning_signal_state (state_key INTEGER PRIMARY KEY, payload TEXT NOT NULL)",
    );
    const insert = "INSERT INTO learning_signal_state VALUES (1, CAST(? AS TEXT))";
    database.prepare(insert).run(payload);
  } finally {
    database.close();
  }
}

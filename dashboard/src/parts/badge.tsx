import type { Tone } from "./tone.ts";

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  );
}

const tones: Readonly<Record<string, Tone>> = {
  running: "busy",
  queued: "plain",
  parked: "warn",
  verified: "good",
  unverified: "plain",
  refuted: "bad",
  failed: "bad",
  cancelled: "plain",
};

/** How a run stands or ended. */
export function RunBadge({
  state,
  outcome,
}: {
  readonly state: string;
  readonly outcome: string | null;
}) {
  const word = state === "finished" ? (outcome ?? state) : state;
  const said = word === "parked" ? "waits for you" : word;
  return <Badge tone={tones[word] ?? "plain"}>{said}</Badge>;
}

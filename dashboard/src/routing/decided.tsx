import type { RunEstimate } from "../api.ts";
import { countText, moneyText } from "../parts/texts.ts";

export const tiers = ["low", "medium", "high"] as const;

/** Why it was decided so. */
export function Reasons({ reasons }: { readonly reasons: readonly string[] }) {
  if (reasons.length === 0) return null;
  return (
    <ul className="reasons">
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}

/** What half of such runs use, and nine of ten. */
export function Estimate({ estimate }: { readonly estimate: RunEstimate | null }) {
  if (estimate === null) return <span className="muted">–</span>;
  const { tokens, costMicroUsd, basis, runs } = estimate;
  return (
    <span
      title={
        basis === "prior"
          ? "Half of such runs, and nine of ten. Assumed: too few earlier runs"
          : `Half of such runs, and nine of ten, of ${runs} earlier ones`
      }
    >
      {costMicroUsd === null ? (
        <span className="muted">unpriced</span>
      ) : (
        `${moneyText(costMicroUsd.p50)} – ${moneyText(costMicroUsd.p90)}`
      )}
      <br />
      <span className="muted small">
        {countText(Math.round(tokens.p50))} – {countText(Math.round(tokens.p90))} tokens
        {basis === "prior" ? (
          <>
            <br />
            assumed
          </>
        ) : null}
      </span>
    </span>
  );
}

import type { Agent33Error } from "../../../base/errors.ts";
import { type Blocklist, compileRules } from "../compile.ts";
import { coverIndex } from "../cover.ts";
import { policyError } from "../errors.ts";
import type { LoadedPack } from "../pack.ts";
import type { CompiledRule } from "../policy.ts";

/** What the settings say besides for an entry point or a tenant. */
export interface LintPart {
  /** Where it stands, for messages. */
  readonly setting: string;
  /** Empty: the packs of all calls. */
  readonly select: readonly string[];
  readonly blocklist: Required<Blocklist>;
}

/** What a part says that holds for all calls anyway. */
export function* pointlessPart(
  { setting, select, blocklist }: LintPart,
  packs: readonly LoadedPack[],
  base: { readonly packs: readonly LoadedPack[]; readonly rules: readonly CompiledRule[] },
): Generator<Agent33Error> {
  const { connectors, operations } = blocklist;
  if (select.length + connectors.length + operations.length === 0) {
    yield pointless(`${setting} says nothing.`, "Take it out, or say what holds there.");
    return;
  }
  if (select.length > 0 && packs.length === base.packs.length) {
    if (packs.every((pack) => base.packs.includes(pack))) {
      const message = `${setting} names the packs that hold for all calls, and changes nothing by it.`;
      yield pointless(message, "Name stricter packs there, or none.");
    }
  }
  const coversOf = coverIndex(
    base.rules.filter(({ effect, mode }) => effect === "deny" && mode === "enforce"),
  );
  const blocked: readonly Blocklist[] = [
    ...connectors.map((connector) => ({ connectors: [connector] })),
    ...operations.map((operation) => ({ operations: [operation] })),
  ];
  for (const one of blocked) {
    for (const rule of compileRules([], { blocklist: one })) {
      const [cover] = coversOf(rule);
      if (cover === undefined) continue;
      const [word] = [...(one.connectors ?? []), ...(one.operations ?? [])];
      const message = `${setting} blocks "${word}", which "${cover.ruleId}" denies for all calls.`;
      yield pointless(message, "Take it out of one of the two.");
    }
  }
}

function pointless(message: string, hint: string): Agent33Error {
  return policyError("pointless", undefined, message, hint);
}

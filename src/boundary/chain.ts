import { type ChainParts, compile } from "./compiled.ts";
import { explainCall } from "./explain.ts";
import { GovernedCall } from "./governed-call.ts";
import { ChunkStream } from "./stream.ts";
import type { Connector } from "./connector.ts";
import type { ConnectorSpec } from "./types.ts";

/** Puts a connector behind the chain. Done once for each connector, never for each call. */
export function compileConnector<I, O, C>(
  spec: ConnectorSpec<I, O, C>,
  parts: ChainParts,
): Connector<I, O, C> {
  const compiled = compile(spec, parts);
  return {
    id: spec.id,
    call: (input, options) => new GovernedCall(compiled, input, options).valueOrThrow(),
    tryCall: (input, options) => new GovernedCall(compiled, input, options).outcome(),
    stream: (input, options) =>
      new ChunkStream((given) => new GovernedCall(compiled, input, given).outcome(), options),
    explain: (input, options) => explainCall(compiled, input, options),
  };
}

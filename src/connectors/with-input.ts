import type { CallContext } from "../boundary/types.ts";

/** One attempt's context with another input: for what stands between a call and its handler. */
export function withInput<I, C>(context: CallContext<unknown, C>, input: I): CallContext<I, C> {
  return {
    input,
    facts: context.facts,
    attempt: context.attempt,
    idempotencyKey: context.idempotencyKey,
    // The signal is made when it is first read, so it must not be read here.
    get signal() {
      return context.signal;
    },
    fetch: (url, init) => context.fetch(url, init),
    connect: (host, port) => context.connect(host, port),
    spawn: (request) => context.spawn(request),
    emit: (chunk) => context.emit(chunk),
    room: () => context.room(),
  };
}

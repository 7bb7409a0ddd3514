/** What a replay hands out again, in the order in which it came the first time. */
export type Past =
  | { readonly kind: "step"; readonly position: number }
  | { readonly kind: "cancel" };

export interface DeliveryOptions {
  readonly past: readonly Past[];
  /** Hands the recorded cancellation out again. */
  readonly onCancel: () => void;
  /** Nothing is left to hand out, and the workflow has run as far as it can. */
  readonly onIdle: () => void;
}

/**
 * Hands ends of steps to the workflow, one in each turn of the event loop, so that everything the
 * workflow does in answer to one happens before the next. First what the journal holds, in the
 * recorded order; then what happens now, in order. So parallel branches meet the same order in a
 * replay as the first time and take the same positions.
 */
export interface DeliveryQueue {
  /** The workflow has reached a step whose end is recorded. */
  expect(position: number, deliver: () => void): void;
  /** Something ended now. */
  push(deliver: () => void): void;
  /** Makes sure that a turn comes, for `onIdle`. */
  kick(): void;
  /** Hands out nothing more. */
  stop(): void;
}

export function createDeliveryQueue(options: DeliveryOptions): DeliveryQueue {
  const { past } = options;
  const expected = new Map<number, () => void>();
  const present: (() => void)[] = [];
  let replayed = 0;
  let turn: NodeJS.Immediate | undefined;
  let stopped = false;

  const next = (): (() => void) | undefined => {
    const recorded = past[replayed];
    if (recorded === undefined) return present.shift();
    if (recorded.kind === "cancel") {
      replayed += 1;
      return options.onCancel;
    }
    const deliver = expected.get(recorded.position);
    if (deliver === undefined) return undefined;
    expected.delete(recorded.position);
    replayed += 1;
    return deliver;
  };
  const run = (): void => {
    turn = undefined;
    if (stopped) return;
    const deliver = next();
    if (deliver !== undefined) {
      deliver();
      kick();
    } else if (replayed === past.length) {
      options.onIdle();
    }
  };
  const kick = (): void => {
    if (!stopped) turn ??= setImmediate(run);
  };
  return {
    expect: (position, deliver) => {
      expected.set(position, deliver);
      kick();
    },
    push: (deliver) => {
      present.push(deliver);
      kick();
    },
    kick,
    stop: () => {
      stopped = true;
      if (turn !== undefined) clearImmediate(turn);
    },
  };
}

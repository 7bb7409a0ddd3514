import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Worker } from "node:worker_threads";
import type { Peer, PeerBehaviour } from "./peer.ts";

export interface WorkerPeer extends Peer {
  readonly behaviour: PeerBehaviour;
}

/** Programs on threads of this process. How they behave is in their text: see `behaviour`. */
export async function workerPeer(): Promise<WorkerPeer> {
  let behaviour: PeerBehaviour = "well";
  let seen = 0;
  let silences = 0;
  const running = new Set<Worker>();
  const onWorker = (message: unknown): void => {
    const { worker } = message as { readonly worker: Worker };
    seen += 1;
    running.add(worker);
    worker.once("online", () => {
      if (behaviour === "silent") silences += 1;
    });
    worker.once("exit", () => running.delete(worker));
  };
  subscribe("worker_threads", onWorker);
  return {
    get behaviour() {
      return behaviour;
    },
    get seen() {
      return seen;
    },
    get held() {
      return running.size;
    },
    get silences() {
      return silences;
    },
    sentBytes: undefined,
    behave: (next) => {
      behaviour = next;
    },
    close: async () => {
      unsubscribe("worker_threads", onWorker);
      await Promise.all([...running].map((worker) => worker.terminate()));
    },
  };
}

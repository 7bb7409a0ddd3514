/** What can be wrong with the other side of a connector. */
export const faults = [
  /** It says that it is down: 503, or what its protocol has for that. */
  "failing",
  /** It asks to be called later: 429 with two seconds. */
  "busy",
  /** It does not take the credentials: 401, or what its protocol has for a caller's own mistake. */
  "refusing",
  /** It takes the request and never answers. */
  "silent",
  /** It breaks off in the middle of an answer. */
  "cut",
  /** It answers with what its protocol does not have. */
  "malformed",
  /** It answers without end. */
  "huge",
  /** It is not there. */
  "gone",
] as const;
export type Fault = (typeof faults)[number];

/** How the other side of a connector can be told to behave. What is to be gone is closed. */
export type PeerBehaviour = "well" | Exclude<Fault, "gone">;

/** The other side of a connector: a server, a program or a folder, on this machine. */
export interface Peer {
  /** Host and port, where it is reached over a network. */
  readonly address?: string;
  /** Requests that it got. */
  readonly seen: number;
  /** Requests that are open. */
  readonly held: number;
  /** Requests that it took and will never answer. */
  readonly silences: number;
  /**
   * Bytes that it sent while it answered without end. Undefined where it cannot be kept from
   * ending: what a program writes is read, so that it can go on, and dropped.
   */
  readonly sentBytes: number | undefined;
  behave(behaviour: PeerBehaviour): void;
  close(): Promise<void>;
}

/** How the other side of a connector can be told to behave. */
export type PeerBehaviour =
  | "well"
  /** Says that it is down: 503, or what its protocol has for that. */
  | "failing"
  /** Asks to be called later: 429 with two seconds. */
  | "busy"
  /** Does not take the credentials: 401. */
  | "refusing"
  /** Takes the request and never answers. */
  | "silent"
  /** Breaks the connection in the middle of an answer. */
  | "cut"
  /** Answers with what its protocol does not have. */
  | "malformed"
  /** Answers without end. */
  | "huge";

/** The other side of a connector, running on loopback. */
export interface Peer {
  readonly port: number;
  /** Requests that it got. */
  readonly seen: number;
  /** Requests that are open. */
  readonly held: number;
  /** Bytes that it sent while it answered without end. */
  readonly sentBytes: number;
  behave(behaviour: PeerBehaviour): void;
  close(): Promise<void>;
}

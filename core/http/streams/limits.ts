/** Heartbeat, patience and buffer of streams. */
export interface StreamLimits {
  /** Time between heartbeats: a comment on a quiet event stream, a ping on a WebSocket. */
  readonly heartbeatMs: number;
  /** How long a reader may take nothing before it is cut. */
  readonly slowReaderMs: number;
  /** Bytes that may wait for a reader. */
  readonly maxBufferedBytes: number;
}

/** The limits of every stream of the product; tests give others. */
export const usualLimits: StreamLimits = {
  heartbeatMs: 15_000,
  slowReaderMs: 30_000,
  maxBufferedBytes: 1_048_576,
};

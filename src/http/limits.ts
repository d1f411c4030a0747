/** What an HTTP server of ours takes of anybody: octets, time, connections. */
export const HTTP_LIMITS = {
  bodyBytes: 64 * 1024,
  headerBytes: 16 * 1024,
  requestMs: 10_000,
  /** For a request whose body may be large. */
  uploadMs: 60_000,
  idleMs: 30_000,
  handshakeMs: 10_000,
  connections: 1000,
  /** Large bodies that are in memory together. */
  uploadsAtOnce: 8,
} as const;

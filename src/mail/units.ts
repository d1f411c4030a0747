/**
 * Units that settings and limits carry in their type: a configuration file says `15m` or `25MB`, the program always
 * holds milliseconds and octets. Not branded, since arithmetic on them is usual.
 */
export type Milliseconds = number;
export type Bytes = number;

/**
 * A setting that may change while the program runs (reload on SIGHUP): ask when a session or an attempt begins, keep the
 * answer until its end.
 */
export type Live<T> = () => T;

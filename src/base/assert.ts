/**
 * Assertions for our own mistakes, kept on in production. Remote bytes and user input never reach an assertion: they
 * get a typed answer instead.
 */

/** Throws when `condition` is false: a bug in zmqnet, never a fault of a peer or a caller. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`)
}

/** Closes an exhaustive switch: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`Assertion failed: unreachable case ${JSON.stringify(value)}`)
}

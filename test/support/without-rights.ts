/**
 * Lets a test meet a file that may not be read, also where tests run as root, who may read everything.
 */

/** Nobody, on all systems that have users by number. */
const NOBODY = 65_534

/** Runs something synchronous as somebody without rights. No other test of the file may run meanwhile. */
export function withoutRights<T>(run: () => T): T {
  if (process.getuid?.() !== 0) return run()
  process.seteuid?.(NOBODY)
  try {
    return run()
  } finally {
    process.seteuid?.(0)
  }
}

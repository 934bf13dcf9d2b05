/**
 * The processes that a benchmark starts: whatever way the main process ends, they end with it, and one that does not end when
 * it is asked to is killed.
 */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A process that was asked to end and has not after this long is killed. */
const END_MS = 5000

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** From here on it ends with this process. Not for those that have children of their own to end: they see it by themselves. */
export function endsWithUs(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
}

/** Ends it by closing the channel to it. Resolves when it has ended. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
  await exited
  clearTimeout(timer)
}

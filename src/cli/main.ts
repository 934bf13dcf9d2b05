/**
 * The entry of the command line: importing this file runs it. It only connects run.ts to this process. The exit code is
 * set, not forced, so that what is still being written gets out, however slow its reader is; a guard forces it when
 * something else keeps the process alive after the command has ended, because a command that hangs is worse than a socket
 * that is torn down.
 *
 * The build makes one CommonJS file of it, which cannot wait at its top level.
 */

import { reportFault } from './faults.ts'
import { createProcessIo } from './process-io.ts'
import { run } from './run.ts'

/** How long the process may take to end by itself once the command is over and all of its output was taken. */
const END_GRACE_MS = 1000

const io = createProcessIo()
process.on('uncaughtException', (error) => process.exit(reportFault(error, io)))
void end(run(io))

async function end(exitCode: Promise<number>): Promise<void> {
  process.exitCode = await exitCode
  if (io.interrupt.reason === 'SIGHUP') {
    // Node.js aborts when it ends by itself after its terminal has gone, which it cannot set back. So the signal ends it.
    process.removeAllListeners('SIGHUP')
    process.kill(process.pid, 'SIGHUP')
  }
  await Promise.all([taken(process.stdout), taken(process.stderr)])
  setTimeout(() => {
    if (io.env.ZMQNET_DEBUG)
      io.stderr.write('Something kept the process alive after its end; it was stopped\n')
    process.exit()
  }, END_GRACE_MS).unref()
}

/** Resolves when everything that was written has been taken, or nobody is there to take it. */
function taken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}

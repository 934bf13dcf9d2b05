/**
 * The entry of the command line: importing this file runs it. It only connects run.ts to this process. The exit code is
 * set, not forced, so that what is still being written gets out; a guard forces it when something keeps the process
 * alive after the command has ended, because a command that hangs is worse than a socket that is torn down.
 */

import * as nodeModule from 'node:module'

/** How long the process may take to end by itself once the command is over. */
const END_GRACE_MS = 1000

// Node 22.8 and newer can keep compiled code between runs; where it cannot, nothing is lost but a few milliseconds.
const { enableCompileCache } = nodeModule as { enableCompileCache?: () => unknown }
enableCompileCache?.()

const [{ run }, { createProcessIo }, { reportFault }] = await Promise.all([
  import('./run.ts'),
  import('./process-io.ts'),
  import('./faults.ts'),
])

const io = createProcessIo()
process.on('uncaughtException', (error) => process.exit(reportFault(error, io)))
process.exitCode = await run(io)
setTimeout(() => {
  if (io.env.ZMQNET_DEBUG) io.stderr.write('Something kept the process alive after its end; it was stopped\n')
  process.exit()
}, END_GRACE_MS).unref()

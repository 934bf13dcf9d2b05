/**
 * One run of the command line, from arguments to exit code. It never throws and never exits: what to do with the code
 * is the business of main.ts, or of a test.
 */

import type { Context } from './command.ts'
import { loadArgumentParser, readCommandLine, readValues } from './command-line.ts'
import { EXIT } from './exit-code.ts'
import { reportFault } from './faults.ts'
import type { Io } from './io.ts'
import type { OptionTable, Values } from './option-kinds.ts'
import { globalOptions } from './option-tables.ts'
import { createOutput } from './output.ts'

/** The word that the completion script of yargs puts first. */
const COMPLETION_REQUEST = '--get-yargs-completions'

/** Runs what the arguments ask for and gives the exit code. */
export async function run(io: Io): Promise<number> {
  try {
    if (io.argv[0] === COMPLETION_REQUEST) return await answerShell(io)
    return await dispatch(io)
  } catch (error) {
    return reportFault(error, io)
  }
}

async function dispatch(io: Io): Promise<number> {
  const parser = await loadArgumentParser()
  const line = readCommandLine(parser, io.argv)
  const out = createOutput(io)
  switch (line.kind) {
    case 'help': {
      const { renderHelp } = await import('./help.ts')
      out.line(await renderHelp(line.command, io.stdout.columns))
      return EXIT.done
    }
    case 'version':
      out.line(io.version)
      return EXIT.done
    case 'run': {
      const { command, name, words, literals, raw } = line
      const [library, body] = await Promise.all([io.loadLibrary(), command.load()])
      const options: OptionTable = { ...globalOptions, ...command.options }
      const values = readValues(options, raw, library.parseDuration, name) as unknown as Values<
        typeof globalOptions
      >
      const loadPeers = () => library.loadPeers(values.peers, io.env)
      const context: Context<OptionTable> = { io, out, library, values, words, literals, loadPeers }
      return await body.run(context)
    }
  }
}

/** Tells the shell what may follow. A peers file that is missing or wrong only means that there are no names. */
async function answerShell(io: Io): Promise<number> {
  const [{ complete, peersPathAmong }, library] = await Promise.all([
    import('./shell-words.ts'),
    io.loadLibrary(),
  ])
  const namesOfFile = () => {
    try {
      return library.loadPeers(peersPathAmong(io.argv), io.env).peers.map((peer) => peer.name)
    } catch {
      return []
    }
  }
  for (const completion of complete(io.argv, namesOfFile)) io.stdout.write(`${completion}\n`)
  return EXIT.done
}

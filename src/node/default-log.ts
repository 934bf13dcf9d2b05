/**
 * The log that a node writes when its user asks for one and brings none: winston, human-readable, on stderr.
 */

import type { Logger } from './api.ts'

/** What the option `log` stands for. winston is loaded only when it is wanted: it costs 29 to 56 ms. */
export async function chooseLog(log: boolean | Logger | undefined): Promise<Logger | undefined> {
  if (log === undefined || log === false) return undefined
  if (log !== true) return log
  const { default: winston } = await import('winston')
  const { combine, timestamp, printf } = winston.format
  return winston.createLogger({
    level: 'info',
    format: combine(
      timestamp(),
      printf((entry) => `${String(entry.timestamp)} ${entry.level} ${String(entry.message)}`),
    ),
    // Without `stderrLevels` the console transport writes to stdout and breaks what the program prints there.
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  })
}

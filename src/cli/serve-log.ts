/**
 * The log of `zmqnet serve`, on stderr: lines for people, or JSON lines for a collector. winston writes through a stream
 * of our own instead of its Console transport, which would put every level on stdout unless told otherwise. This is the
 * only file of the command line that loads winston, and it takes 40 ms.
 */

import { Writable } from 'node:stream'
import winston from 'winston'
import type { Logger } from '../index.ts'
import type { Io } from './io.ts'
import { painterFor, type Style } from './output.ts'

/** The names of the levels by their number in the peers file. */
const LEVELS = ['error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LEVELS)[number]

const STYLES: Readonly<Record<string, Style>> = { error: 'red', warn: 'yellow', info: 'cyan', debug: 'dim' }

/** The level that the option says, by name or number, else that of the peers file, else info. */
export function logLevelOf(option: string | undefined, fileLevel: number | undefined): LogLevel {
  const byName = LEVELS.find((level) => level === option)
  return byName ?? LEVELS[option === undefined ? (fileLevel ?? 2) : Number(option)] ?? 'info'
}

/** "12:03:04.123", in local time. */
function timeOfDay(timestamp: string): string {
  const time = new Date(timestamp)
  return `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/**
 * Makes the logger of a node. Its name is in the JSON lines only: a terminal shows one node, and what shows several, such
 * as scripts/cluster, puts the name before each line itself.
 */
export function createServeLog(io: Io, name: string, level: LogLevel, asJson: boolean): Logger {
  const { combine, timestamp, json, printf } = winston.format
  const paint = painterFor(io.stderr, io.env)
  const line = printf((entry) => {
    const label = paint(STYLES[entry.level] ?? 'dim', entry.level.padEnd(5))
    return `${paint('dim', timeOfDay(String(entry.timestamp)))} ${label} ${entry.message}`
  })
  const stream = new Writable({
    write(chunk, _encoding, done) {
      io.stderr.write(String(chunk))
      done()
    },
  })
  return winston.createLogger({
    level,
    defaultMeta: asJson ? { node: name } : {},
    format: asJson ? combine(timestamp(), json()) : combine(timestamp(), line),
    transports: [new winston.transports.Stream({ stream })],
  })
}

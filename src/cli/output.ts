/**
 * How results look: tables, colours, times, JSON. Colours are used on a terminal only, and never when NO_COLOR is set;
 * FORCE_COLOR turns them on for a pipe, which is how scripts/cluster keeps them. What is printed is decided by the
 * commands, not here.
 */

import type { Io, Sink } from './io.ts'

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

export type Style = keyof typeof CODES

/** Puts a style around a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** Whether a stream gets colours. https://no-color.org: any value that is not empty turns them off. */
export function usesColor(sink: Sink, env: Io['env']): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false
  const forced = env.FORCE_COLOR ?? ''
  if (forced !== '') return forced !== '0'
  return sink.isTTY && env.TERM !== 'dumb'
}

/** The painter for a stream. */
export function painterFor(sink: Sink, env: Io['env']): Paint {
  if (!usesColor(sink, env)) return (_style, text) => text
  return (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`
}

/** A time for people: 0.42 ms, 12.3 ms, 250 ms, 2.5 s, 3 min 20 s, 5 h 12 min. */
export function formatMs(durationMs: number): string {
  // The limits are those of rounding, so that 9.996 becomes 10.0 ms and not 10.00 ms.
  if (durationMs < 9.995) return `${durationMs.toFixed(2)} ms`
  if (durationMs < 99.95) return `${durationMs.toFixed(1)} ms`
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`
  const seconds = durationMs / 1000
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor((seconds + 0.05) / 60)
  if (minutes < 60) return `${minutes} min ${Math.max(0, Math.floor(seconds - minutes * 60))} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/**
 * A time that was measured in whole milliseconds, without decimals that nobody measured. The library keeps such times for
 * acks and links; 0 means that it was less than one.
 */
export function formatWholeMs(durationMs: number): string {
  if (!Number.isInteger(durationMs) || durationMs >= 1000) return formatMs(durationMs)
  return durationMs === 0 ? '<1 ms' : `${durationMs} ms`
}

/** A number for people, with groups of three digits. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

/** "1 peer", "2 peers". */
export function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`
}

/** A cell of a table: a text, with a style that does not count for its width. */
export interface Cell {
  readonly text: string
  readonly style?: Style | undefined
  /** Numbers are put to the right. Default left. */
  readonly align?: 'left' | 'right'
}

/** Makes a cell. */
export function cell(text: string, style?: Style): Cell {
  return { text, style }
}

/** Makes a cell whose text is put to the right. */
export function numberCell(text: string, style?: Style): Cell {
  return { text, style, align: 'right' }
}

/** Lays rows out in columns, two blanks between them, and gives the lines. No line ends in blanks. */
export function layOut(rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((item, column) => {
      widths[column] = Math.max(widths[column] ?? 0, item.text.length)
    })
  }
  return rows.map((row) => {
    const last = row.findLastIndex((item) => item.text !== '')
    return row
      .slice(0, last + 1)
      .map((item, column) => {
        const gap = ' '.repeat((widths[column] ?? 0) - item.text.length)
        const text = item.style === undefined ? item.text : paint(item.style, item.text)
        if (item.align === 'right') return gap + text
        return column === last ? text : text + gap
      })
      .join('  ')
  })
}

/**
 * Values that JSON does not know, as msgpack may carry them, in the nearest form that it does. A key without a value is
 * null, because keys that come and go are no stable keys. The original is taken
 * from its holder, because a Buffer has already been turned into a list of numbers by its own toJSON.
 */
function toJson(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const original = this[key]
  if (original === undefined) return null
  if (original instanceof Uint8Array) return { base64: Buffer.from(original).toString('base64') }
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set) return [...value]
  return value
}

/** JSON for anything that a body may be; bytes become {"base64": "..."}, nothing becomes null. */
export function stringify(value: unknown, indent?: number): string {
  return JSON.stringify(value, toJson, indent)
}

/** Where a command writes its results. */
export interface Output {
  readonly paint: Paint
  /** One line for people. */
  line(text?: string): void
  /** One JSON object, on one line. */
  json(value: unknown): void
}

/** The output of a command on stdout. */
export function createOutput(io: Io): Output {
  return {
    paint: painterFor(io.stdout, io.env),
    line: (text = '') => io.stdout.write(`${text}\n`),
    json: (value) => io.stdout.write(`${stringify(value)}\n`),
  }
}

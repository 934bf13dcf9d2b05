/**
 * One log of many processes: each line is prefixed with the name of its process, in a colour of its own. Colours are for
 * terminals, and only where NO_COLOR does not forbid them.
 */

import { styleText } from 'node:util'

const COLORS = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'red']

/** Gives a function of a name and a line that writes to `stream`. `names` fixes colours and width. */
export function prefixedLog(names, stream) {
  const width = Math.max(...names.map((name) => name.length))
  const paint = painter(stream)
  return (name, line) => {
    const color = COLORS[Math.max(names.indexOf(name), 0) % COLORS.length]
    stream.write(`${paint(color, `${name.padEnd(width)} |`)} ${line}\n`)
  }
}

/** Gives a function of a style and a text that leaves the text as it is where colours are not wanted. */
export function painter(stream) {
  const wanted = stream.isTTY === true && (process.env.NO_COLOR ?? '') === ''
  return (style, text) => (wanted ? styleText(style, text) : text)
}

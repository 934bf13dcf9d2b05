/**
 * How a wrong value is shown in the message that complains about it: short, and in the notation of the file in which it
 * stands. Whole lists and objects are only named, because nobody reads them in a message.
 */

const MAX_SHOWN_CHARACTERS = 60

/** Gives "found 70000", "found "7001"" (a text), "found an empty list", "found nothing". */
export function found(value: unknown): string {
  return `found ${shown(value)}`
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'function') return 'a function'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}...` : text
}

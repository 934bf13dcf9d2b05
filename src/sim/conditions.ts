/**
 * The state of the simulated network: how slow and how lossy each direction between two hosts is, and which directions
 * are cut. It is plain state that tests and fault plans change; connection.ts obeys it.
 */

import { ZmqnetError } from '../errors.ts'

/** How one direction between two hosts behaves. */
export interface LinkFaults {
  /** The shortest and the longest time that a message travels, in whole milliseconds. */
  readonly delayMs: readonly [number, number]
  /** The probability that a message is lost, 0 to 1. TCP would not lose it; the protocol has to survive it. */
  readonly loss: number
  /** The probability that a message arrives twice, 0 to 1. */
  readonly duplicate: number
  /** The probability that a message takes a way of its own and overtakes or falls behind others, 0 to 1. */
  readonly reorder: number
}

/** A good local network: 1 to 10 ms, and nothing goes wrong. */
export const CALM: LinkFaults = { delayMs: [1, 10], loss: 0, duplicate: 0, reorder: 0 }

/** The directions that `set` is about; without a name, all of them. */
export interface Direction {
  readonly from?: string
  readonly to?: string
}

/** Delays, faults and cuts between hosts. */
export class Conditions {
  #everywhere: LinkFaults
  readonly #special = new Map<string, LinkFaults>()
  /** How many cuts lie on a direction: overlapping partitions are healed one by one. */
  readonly #cuts = new Map<string, number>()
  readonly #onChange: () => void

  /** `onChange` is called when a direction was cut or healed. */
  constructor(faults: LinkFaults, onChange: () => void) {
    this.#everywhere = checked(faults)
    this.#onChange = onChange
  }

  /** How the direction behaves now. */
  faults(from: string, to: string): LinkFaults {
    if (this.#special.size === 0) return this.#everywhere
    return (
      this.#special.get(`${from}>${to}`) ??
      this.#special.get(`${from}>`) ??
      this.#special.get(`>${to}`) ??
      this.#everywhere
    )
  }

  /** Whether messages may overtake each other somewhere. */
  get reorders(): boolean {
    return [this.#everywhere, ...this.#special.values()].some(({ reorder }) => reorder > 0)
  }

  /** Changes some numbers, everywhere (which ends all exceptions) or for one direction. */
  set(change: Partial<LinkFaults>, direction: Direction = {}): void {
    const { from = '', to = '' } = direction
    if (from === '' && to === '') {
      this.#special.clear()
      this.#everywhere = checked({ ...this.#everywhere, ...change })
    } else {
      this.#special.set(`${from}>${to}`, checked({ ...this.faults(from, to), ...change }))
    }
  }

  /** Whether messages from one host reach the other. */
  isOpen(from: string, to: string): boolean {
    return this.#cuts.size === 0 || !this.#cuts.has(`${from}>${to}`)
  }

  /** Cuts one direction. */
  cut(from: string, to: string): void {
    const key = `${from}>${to}`
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1)
    this.#onChange()
  }

  /** Takes one cut away. Without effect when all were healed in between. */
  mend(from: string, to: string): void {
    const key = `${from}>${to}`
    const count = this.#cuts.get(key) ?? 0
    if (count > 1) this.#cuts.set(key, count - 1)
    else this.#cuts.delete(key)
    this.#onChange()
  }

  /** Takes all cuts away. */
  heal(): void {
    this.#cuts.clear()
    this.#onChange()
  }
}

/** What is wrong with such a change, in sentences. */
export function linkFaultsFaults(change: Partial<LinkFaults>): string[] {
  return Object.entries(change).flatMap(([name, value]) => {
    if (name === 'delayMs') {
      const [shortest, longest] = Array.isArray(value) ? (value as readonly unknown[]) : [value]
      const isRange = Number.isSafeInteger(shortest) && Number.isSafeInteger(longest) && 0 <= Number(shortest)
      return isRange && Number(shortest) <= Number(longest)
        ? []
        : [`delayMs is a range of whole milliseconds, not [${shortest}, ${longest}]`]
    }
    if (!Object.hasOwn(CALM, name)) return [`"${name}" is nothing that a network does`]
    const isShare = typeof value === 'number' && value >= 0 && value <= 1
    return isShare ? [] : [`${name} is a probability, not ${value}`]
  })
}

function checked(faults: LinkFaults): LinkFaults {
  const wrong = linkFaultsFaults(faults)
  if (wrong.length === 0) return faults
  throw new ZmqnetError({
    code: 'INVALID_ARGUMENT',
    message: `Cannot set the network so: ${wrong.join('; ')}`,
  })
}

/**
 * Counts what was done to a simulated mesh, by kind: what a summary of many runs shows, so that a campaign that injected
 * nothing is not mistaken for one that was survived.
 */

/** What can be done to a mesh: to its network, its processes, and single messages. */
export const INJECTION_KINDS = [
  'partition',
  'cut',
  'faults',
  'crash',
  'stop',
  'pause',
  'stall',
  'skew',
  'lost',
  'duplicated',
  'reordered',
] as const

/**
 * One kind. `faults` is a change of how the network behaves; `lost`, `duplicated` and `reordered` are messages that the
 * network treated so by chance. What was lost in a crash or on a closed connection does not count here.
 */
export type InjectionKind = (typeof INJECTION_KINDS)[number]

/** How often each kind happened. */
export type InjectionCounts = { readonly [kind in InjectionKind]: number }

/** The counts of one simulation, or of many. */
export class Injections {
  readonly #counts = new Map<InjectionKind, number>()

  /** One more of this kind, or `by` more. */
  add(kind: InjectionKind, by = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + by)
  }

  /** Adds all counts of another one. */
  addAll(counts: Partial<InjectionCounts>): void {
    for (const kind of INJECTION_KINDS) this.add(kind, counts[kind] ?? 0)
  }

  /** All kinds, those that never happened included. */
  get counts(): InjectionCounts {
    const entries = INJECTION_KINDS.map((kind) => [kind, this.#counts.get(kind) ?? 0] as const)
    return Object.fromEntries(entries) as InjectionCounts
  }
}

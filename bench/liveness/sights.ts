/**
 * What one process under test says of the others, with the time of each word on the clock that all processes of a
 * machine share (CLOCK_MONOTONIC). The words of both sides, zmqnet and serf, are brought into these few kinds.
 */

/** Milliseconds of the clock that all processes of this machine share. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

export type SightKind =
  | 'alive'
  | 'suspect'
  | 'dead'
  | 'left'
  | 'restarted'
  | 'busy'
  | 'free'
  | 'link-up'
  | 'link-down'

/** One process noticed something of a peer. */
export interface Sight {
  readonly atMs: number
  readonly kind: SightKind
  readonly peer: string
  /** With alive and restarted: which run of the peer it is. */
  readonly incarnation?: number | undefined
}

/** What a process thinks of a peer at present. */
export interface View {
  state: 'unknown' | 'alive' | 'suspect' | 'dead' | 'left'
  incarnation: number | undefined
  isLinked: boolean
  isBusy: boolean
  /** When its state or its run changed last. */
  changedAtMs: number
}

/** Everything that one process has said, and what it comes to. */
export class Sights {
  readonly all: Sight[] = []
  readonly #views = new Map<string, View>()

  note(sight: Sight): void {
    this.all.push(sight)
    const view = this.view(sight.peer)
    switch (sight.kind) {
      case 'busy':
      case 'free':
        view.isBusy = sight.kind === 'busy'
        return
      case 'link-up':
      case 'link-down':
        view.isLinked = sight.kind === 'link-up'
        return
      case 'restarted':
        break
      default:
        view.state = sight.kind
    }
    if (sight.incarnation !== undefined) view.incarnation = sight.incarnation
    view.changedAtMs = sight.atMs
  }

  view(peer: string): View {
    let view = this.#views.get(peer)
    if (view === undefined) {
      view = { state: 'unknown', incarnation: undefined, isLinked: false, isBusy: false, changedAtMs: 0 }
      this.#views.set(peer, view)
    }
    return view
  }

  /** When this was said of a peer for the first time at or after `fromMs`; undefined when it was not. */
  firstAfter(fromMs: number, kind: SightKind, peer: string): number | undefined {
    // From the end, because what is asked for is among the last of what may be very many.
    let found: number | undefined
    for (let index = this.all.length - 1; index >= 0; index -= 1) {
      const sight = this.all[index] as Sight
      if (sight.atMs < fromMs) break
      if (sight.kind === kind && sight.peer === peer) found = sight.atMs
    }
    return found
  }

  /** Everything at or after `fromMs`. */
  since(fromMs: number): readonly Sight[] {
    let from = this.all.length
    while (from > 0 && (this.all[from - 1] as Sight).atMs >= fromMs) from -= 1
    return this.all.slice(from)
  }
}

/**
 * Counts what a node meets, for its status: the part of the counters that comes from events of the core.
 */

import type { Counters } from './api.ts'
import type { CoreEvent } from './core.ts'

/** The counters of one node that events raise. */
export class EventCounts {
  #violations = 0
  #impostors = 0
  #retries = 0
  #resets = 0

  get counters(): Pick<Counters, 'violations' | 'impostors' | 'retries' | 'resets'> {
    return {
      violations: this.#violations,
      impostors: this.#impostors,
      retries: this.#retries,
      resets: this.#resets,
    }
  }

  note(event: CoreEvent): void {
    switch (event.kind) {
      case 'reset-link':
        // The others are no answer to a link that failed.
        if (event.why !== 'peer-is-back' && event.why !== 'keys') this.#resets += 1
        break
      case 'hello-refused':
      case 'violation':
        this.#violations += 1
        break
      case 'impostor':
        this.#impostors += 1
        break
      case 'request-retried':
        this.#retries += 1
        break
      default:
    }
  }
}

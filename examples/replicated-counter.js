/**
 * A counter that every node can increase and every node can read: an application to be tested in the simulator, once as
 * it should be and once with a bug that is easily made. The test is in replicated-counter.test.js.
 *
 * It knows nothing of the simulator: it gets a node and uses its public API, as it would in production.
 */

/**
 * Every node counts its own increments and tells the others its whole count; what is read is the sum. To hear a count
 * twice, or late, changes nothing, so that it may be repeated as often as it takes.
 */
export class Counter {
  #counts = new Map()
  #node
  #isTelling = false
  #isStale = false

  constructor(node) {
    this.#node = node
    node.handle('count', (count, { from }) => this.#learn(from, count))
    void this.#followPeers()
  }

  get value() {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  increment() {
    const { name } = this.#node
    this.#learn(name, (this.#counts.get(name) ?? 0) + 1)
    void this.#tell()
  }

  #learn(name, count) {
    this.#counts.set(name, Math.max(count, this.#counts.get(name) ?? 0))
  }

  /** Tells all others, again and again, until they know the latest count. The dead are told when they are back. */
  async #tell() {
    this.#isStale = true
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      while (this.#isStale) {
        this.#isStale = false
        const { missing } = await this.#node.broadcast('count', this.#counts.get(this.#node.name) ?? 0)
        if (missing.some(({ reason }) => reason !== 'dead')) this.#isStale = true
      }
    } catch (error) {
      if (error.code !== 'CLOSED') throw error
    } finally {
      this.#isTelling = false
    }
  }

  async #followPeers() {
    for await (const { kind } of this.#node.events()) if (kind === 'peer:alive') void this.#tell()
  }
}

/**
 * The same in a hurry: every increment is told as "one more". It works on every quiet day. But a peer that is missing
 * for "timeout" may have counted, and here it is asked to count once more: the outcome was unknown, not "not sent".
 */
export class HastyCounter {
  #node
  #waiting = new Map()
  value = 0

  constructor(node) {
    this.#node = node
    node.handle('add', (amount) => {
      this.value += amount
    })
    void this.#followPeers()
  }

  increment() {
    this.value += 1
    const told = this.#node.broadcast('add', 1)
    told.then(({ missing }) => {
      for (const { peer, reason } of missing) {
        if (reason === 'dead') this.#waiting.set(peer, (this.#waiting.get(peer) ?? 0) + 1)
        else void this.#add(peer, 1)
      }
    }, ignoreClosed)
  }

  /** Tells one peer, again and again until it answers. */
  async #add(peer, amount) {
    for (;;) {
      try {
        await this.#node.request(peer, 'add', amount)
        return
      } catch (error) {
        if (error.code === 'CLOSED') return
      }
    }
  }

  async #followPeers() {
    for await (const { kind, peer } of this.#node.events()) {
      if (kind !== 'peer:alive') continue
      const amount = this.#waiting.get(peer) ?? 0
      this.#waiting.delete(peer)
      if (amount > 0) void this.#add(peer, amount)
    }
  }
}

function ignoreClosed(error) {
  if (error.code !== 'CLOSED') throw error
}

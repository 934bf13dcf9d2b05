/**
 * A timer that lets the event loop read its sockets before it rings. After a blocked turn Node runs what is due first
 * and reads afterwards, so that an ordinary timer would call a peer silent whose answer has long been there.
 */

export class PatientTimer {
  #timeout: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  /** Rings once after `delayMs` and a look at the sockets, unless it is set again or cleared before. */
  set(delayMs: number, ring: () => void): void {
    this.clear()
    this.#timeout = setTimeout(() => {
      this.#immediate = setImmediate(ring)
    }, delayMs)
  }

  clear(): void {
    clearTimeout(this.#timeout)
    clearImmediate(this.#immediate)
  }
}

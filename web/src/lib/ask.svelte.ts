/** A request in progress: what a button shows until the server answers, and the problem if it fails. */

import { Problem } from './problem'

export class Ask {
  busy = $state(false)
  problem = $state<Problem | null>(null)
  /** Not state: whoever asks within an effect must not follow what asking changes. */
  #running = false
  #turn = 0

  /** Runs the work once at a time; a problem is kept for showing and nothing is returned. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    return this.#running ? undefined : this.newest(work)
  }

  /** Runs the work at once; of an older one that still runs, neither answer nor problem counts. */
  async newest<T>(work: () => Promise<T>): Promise<T | undefined> {
    const turn = ++this.#turn
    this.#running = this.busy = true
    this.problem = null
    try {
      const done = await work()
      return turn === this.#turn ? done : undefined
    } catch (thrown) {
      if (turn === this.#turn) this.problem = Problem.from(thrown)
      return undefined
    } finally {
      if (turn === this.#turn) this.#running = this.busy = false
    }
  }
}

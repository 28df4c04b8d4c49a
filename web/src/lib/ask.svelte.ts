/** A wish under way: what a button shows while the server decides, and what went wrong. */

import { Problem } from './problem'

export class Ask {
  busy = $state(false)
  problem = $state<Problem | null>(null)

  /** Runs the work once at a time; a problem is kept for showing and nothing is returned. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined
    this.busy = true
    this.problem = null
    try {
      return await work()
    } catch (thrown) {
      this.problem = Problem.from(thrown)
      return undefined
    } finally {
      this.busy = false
    }
  }
}

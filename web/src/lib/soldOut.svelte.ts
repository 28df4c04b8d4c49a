/**
 * What an owner says is sold out, sent one after another and as often as it takes: in a bad network a
 * tap is kept over a reload until the server has it. Each tap says how it shall be, so only the last
 * one of a thing is sent.
 */

import { keepDraft, readDraft } from './drafts'
import { Problem } from './problem'
import type { Rest } from './rest'

const DRAFT = 'sold-out'

/** How long it waits before it tries again, in milliseconds. */
const AGAIN_MS = 3_000

export interface Said {
  sold_out: boolean
  sold_out_until?: string
}

/** Whether trying again may help: the server was not reached, or is busy. */
const mayPass = (problem: Problem) => problem.type === 'client.unreachable' || problem.status === 429 || problem.status >= 500

export class SoldOutQueue {
  /** What waits, by its path. */
  waiting = $state.raw<Record<string, Said>>(readDraft<Record<string, Said>>(DRAFT, {}))
  /** Why the last one was refused for good. */
  problem = $state.raw<Problem | null>(null)
  #running = false
  #again: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly rest: Rest,
    /** What was sent is so now. */
    private readonly done: (path: string, said: Said) => void,
  ) {}

  get count(): number {
    return Object.keys(this.waiting).length
  }

  say(path: string, said: Said): void {
    this.problem = null
    this.#keep({ ...this.waiting, [path]: said })
    void this.flush()
  }

  /** Sends what waits. */
  async flush(): Promise<void> {
    if (this.#running) return
    this.#running = true
    clearTimeout(this.#again)
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        const [path, said] = next
        try {
          await this.rest.patch(path, said, { ifMatch: '*' })
          this.done(path, said)
        } catch (thrown) {
          const problem = Problem.from(thrown)
          if (mayPass(problem)) {
            this.#again = setTimeout(() => void this.flush(), AGAIN_MS)
            return
          }
          this.problem = problem
        }
        // A newer tap of the same thing goes on waiting.
        if (this.waiting[path] === said) this.#forget(path)
      }
    } finally {
      this.#running = false
    }
  }

  close(): void {
    clearTimeout(this.#again)
  }

  #next(): [string, Said] | undefined {
    return Object.entries(this.waiting)[0]
  }

  #forget(path: string): void {
    this.#keep(Object.fromEntries(Object.entries(this.waiting).filter(([other]) => other !== path)))
  }

  #keep(waiting: Record<string, Said>): void {
    this.waiting = waiting
    keepDraft(DRAFT, Object.keys(waiting).length === 0 ? null : waiting)
  }
}

/** The next midnight in Seoul, where a day of a kitchen ends. */
export function midnight(now: number): string {
  const day = 86_400_000
  const seoul = 9 * 3_600_000
  return new Date((Math.floor((now + seoul) / day) + 1) * day - seoul).toISOString()
}

/** A refusal or an internal error, as a problem document describes it (RFC 9457). */

import type { ProblemBody } from './frames'

export class Problem extends Error {
  readonly type: string
  readonly status: number
  readonly body: ProblemBody

  constructor(body: ProblemBody) {
    super(body.detail ?? body.title ?? body.type)
    this.name = 'Problem'
    this.type = body.type
    this.status = body.status ?? 0
    this.body = body
  }

  /** Somebody else, or another device, changed it since it was read: it has to be read again. */
  get isStale(): boolean {
    return this.status === 412
  }

  /** The server could not be reached at all. */
  static unreachable(): Problem {
    return new Problem({ type: 'client.unreachable' })
  }

  /** Whatever was thrown, as a problem that can be shown. */
  static from(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown
    return new Problem({ type: 'client.fault', detail: String(thrown) })
  }
}

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

  /** The refusal, told at the field that it is about (a JSON pointer), if its type is one of `types`. */
  at(pointer: string, types: readonly string[]): Problem {
    if (!types.includes(this.type)) return this
    return new Problem({ ...this.body, errors: [{ pointer, code: this.type }] })
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

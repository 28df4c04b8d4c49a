/**
 * The REST client: typed paths, bearer tokens that renew themselves, problems as errors.
 */

import { Problem } from './problem'
import type { ProblemBody } from './frames'
import { uuid } from './uuid'

export interface Tokener {
  token(stale?: string): Promise<string | null>
}

interface Call {
  body?: unknown
  query?: Record<string, string | number | undefined>
  /** Without a token, also where somebody is signed in. */
  anonymous?: boolean
  /** Names this one wish: a repeated send of it is answered, not done again. */
  idempotencyKey?: string
}

export class Rest {
  constructor(
    private readonly tokener: Tokener,
    private readonly language: () => string,
  ) {}

  get<T>(path: string, query?: Call['query']): Promise<T> {
    return this.#call<T>('GET', path, query ? { query } : {})
  }

  post<T = void>(path: string, body?: unknown, options: Call = {}): Promise<T> {
    return this.#call<T>('POST', path, { body, idempotencyKey: uuid(), ...options })
  }

  put<T = void>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('PUT', path, { body })
  }

  patch<T = void>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('PATCH', path, { body })
  }

  delete<T = void>(path: string): Promise<T> {
    return this.#call<T>('DELETE', path, {})
  }

  async #call<T>(method: string, path: string, call: Call): Promise<T> {
    const token = call.anonymous ? null : await this.tokener.token()
    let response = await this.#fetch(method, path, call, token)
    if (response.status === 401 && token) {
      const renewed = await this.tokener.token(token)
      if (renewed) response = await this.#fetch(method, path, call, renewed)
    }
    if (!response.ok) throw await problemOf(response)
    const text = await response.text()
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  async #fetch(method: string, path: string, call: Call, token: string | null): Promise<Response> {
    const headers = new Headers({ accept: 'application/json', 'accept-language': this.language() })
    if (token) headers.set('authorization', `Bearer ${token}`)
    if (call.idempotencyKey) headers.set('idempotency-key', call.idempotencyKey)
    const init: RequestInit = { method, headers, cache: 'no-store' }
    if (call.body !== undefined) {
      headers.set('content-type', 'application/json')
      init.body = JSON.stringify(call.body)
    }
    try {
      return await fetch(withQuery(path, call.query), init)
    } catch {
      throw Problem.unreachable()
    }
  }
}

function withQuery(path: string, query: Call['query']): string {
  const known = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '')
  if (known.length === 0) return path
  return `${path}?${new URLSearchParams(known.map(([key, value]) => [key, String(value)]))}`
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback: ProblemBody = { type: `http.${response.status}`, status: response.status }
  try {
    return new Problem({ ...fallback, ...((await response.json()) as ProblemBody) })
  } catch {
    return new Problem(fallback)
  }
}

/**
 * The REST client: sends bearer tokens, renews them when refused, asks for a fresh proof where one is
 * needed, and throws problems as errors.
 */

import { Problem } from './problem'
import type { ProblemBody } from './frames'
import { uuid } from './uuid'

/** What the server answers where something needs a fresh proof of who it is. */
const STEP_UP = 'auth.step_up_required'

/** Methods that change what a path holds. */
const CHANGES = new Set(['PUT', 'PATCH'])

export interface Tokener {
  token(stale?: string): Promise<string | null>
}

interface Call {
  body?: unknown
  query?: Record<string, string | number | undefined>
  /** Sends no token, even if somebody is signed in. */
  anonymous?: boolean
  /** Identifies one command: the server executes it once, even if it is sent again. */
  idempotencyKey?: string
  /** A file as the body, instead of JSON. */
  upload?: Blob
  /** What never changes: the browser may keep the answer. */
  immutable?: boolean
  /** The version of the whole that the change is meant for, where the path is a part of it; `*` for any. */
  ifMatch?: string
}

export class Rest {
  /** What of each path was read last (its `ETag`): a change is meant for that, and refused (412) if somebody else was faster. */
  readonly #versions = new Map<string, string>()

  constructor(
    private readonly tokener: Tokener,
    private readonly language: () => string,
    /** Lets the person prove once more who they are; resolves to whether they did. */
    private readonly stepUp: () => Promise<boolean> = () => Promise.resolve(false),
  ) {}

  get<T>(path: string, query?: Call['query']): Promise<T> {
    return this.#call<T>('GET', path, query ? { query } : {})
  }

  post<T = void>(path: string, body?: unknown, options: Call = {}): Promise<T> {
    return this.#call<T>('POST', path, { body, idempotencyKey: uuid(), ...options })
  }

  put<T = void>(path: string, body: unknown, options: Call = {}): Promise<T> {
    return this.#call<T>('PUT', path, { body, ...options })
  }

  patch<T = void>(path: string, body: unknown, options: Call = {}): Promise<T> {
    return this.#call<T>('PATCH', path, { body, ...options })
  }

  delete<T = void>(path: string, options: Call = {}): Promise<T> {
    return this.#call<T>('DELETE', path, options)
  }

  /** PUT of a file. */
  upload<T>(path: string, file: Blob, options: Call = {}): Promise<T> {
    return this.#call<T>('PUT', path, { upload: file, ...options })
  }

  /** A file that never changes. */
  async file(path: string): Promise<Blob> {
    return (await this.#answer('GET', path, { immutable: true })).blob()
  }

  async #call<T>(method: string, path: string, call: Call): Promise<T> {
    const text = await (await this.#answer(method, path, call)).text()
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /** The answer, if it is a good one. */
  async #answer(method: string, path: string, call: Call): Promise<Response> {
    const token = call.anonymous ? null : await this.tokener.token()
    let response = await this.#fetch(method, path, call, token)
    if (response.status === 401 && token && !(await isWrongPassword(response))) {
      const renewed = await this.tokener.token(token)
      if (renewed) response = await this.#fetch(method, path, call, renewed)
    }
    if (!response.ok) {
      const problem = await problemOf(response)
      if (problem.type === STEP_UP && (await this.stepUp())) return this.#answer(method, path, call)
      throw problem
    }
    const version = response.headers.get('etag')
    if (version) this.#versions.set(path, version)
    return response
  }

  async #fetch(method: string, path: string, call: Call, token: string | null): Promise<Response> {
    const headers = new Headers({ accept: 'application/json', 'accept-language': this.language() })
    if (token) headers.set('authorization', `Bearer ${token}`)
    if (call.idempotencyKey) headers.set('idempotency-key', call.idempotencyKey)
    const version = call.ifMatch ?? (CHANGES.has(method) ? this.#versions.get(path) : undefined)
    if (version) headers.set('if-match', version)
    const init: RequestInit = { method, headers, cache: call.immutable ? 'default' : 'no-store' }
    if (call.body !== undefined) {
      headers.set('content-type', 'application/json')
      init.body = JSON.stringify(call.body)
    }
    if (call.upload) {
      headers.set('content-type', 'application/octet-stream')
      init.body = call.upload
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

/** The token is good; the password in the body is not, and each try of it counts. */
async function isWrongPassword(response: Response): Promise<boolean> {
  return (await problemOf(response.clone())).type === 'auth.credentials_wrong'
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback: ProblemBody = { type: `http.${response.status}`, status: response.status }
  try {
    return new Problem({ ...fallback, ...((await response.json()) as ProblemBody) })
  } catch {
    return new Problem(fallback)
  }
}

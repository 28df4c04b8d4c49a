import { afterEach, describe, expect, it, vi } from 'vitest'
import { Rest } from './rest'

const answer = (status: number, body: object, headers = {}) => new Response(JSON.stringify(body), { status, headers })
const needsProof = () => answer(403, { type: 'auth.step_up_required', status: 403 })

/** Answers requests one after another; what was sent is returned. */
function serve(...answers: Response[]) {
  const sent: Headers[] = []
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    sent.push(init.headers as Headers)
    return Promise.resolve(answers.shift())
  })
  return sent
}

const rest = (proves: boolean) => {
  const stepUp = vi.fn(() => Promise.resolve(proves))
  return { stepUp, rest: new Rest({ token: () => Promise.resolve('token') }, () => 'ko', stepUp) }
}

afterEach(() => vi.unstubAllGlobals())

describe('what needs a fresh proof', () => {
  it('is sent again once it is proven, as the same command', async () => {
    const sent = serve(needsProof(), answer(200, { done: true }))
    const { rest: client, stepUp } = rest(true)
    expect(await client.post('/v1/thing', {})).toEqual({ done: true })
    expect(stepUp).toHaveBeenCalledOnce()
    expect(sent[1]?.get('idempotency-key')).toBe(sent[0]?.get('idempotency-key'))
  })

  it('is refused where it is not proven', async () => {
    const sent = serve(needsProof())
    const { rest: client } = rest(false)
    await expect(client.post('/v1/thing', {})).rejects.toMatchObject({ type: 'auth.step_up_required' })
    expect(sent.length).toBe(1)
  })
})

describe('an answer 401', () => {
  it('renews the token, unless it is the password that is wrong: each try of it counts', async () => {
    const renewing = (...answers: Response[]) => {
      const sent = serve(...answers)
      const token = vi.fn((stale?: string) => Promise.resolve(stale ? 'newer' : 'token'))
      return { sent, token, client: new Rest({ token }, () => 'ko') }
    }
    const expired = renewing(answer(401, { type: 'auth.token_expired' }), answer(200, { done: true }))
    expect(await expired.client.get('/v1/thing')).toEqual({ done: true })
    expect(expired.sent[1]?.get('authorization')).toBe('Bearer newer')

    const wrong = renewing(answer(401, { type: 'auth.credentials_wrong' }))
    await expect(wrong.client.put('/v1/thing', {})).rejects.toMatchObject({ type: 'auth.credentials_wrong' })
    expect(wrong.sent.length).toBe(1)
    expect(wrong.token).toHaveBeenCalledOnce()
  })
})

describe('a change', () => {
  it('is meant for what was read last, and for nothing where nothing has a version', async () => {
    const sent = serve(
      answer(200, { name: 'one' }, { etag: '"1"' }),
      answer(200, { name: 'two' }, { etag: '"2"' }),
      answer(412, { type: 'user.changed' }),
      answer(200, {}),
    )
    const { rest: client } = rest(false)
    await client.get('/v1/thing')
    await client.patch('/v1/thing', { name: 'two' })
    await expect(client.put('/v1/thing', { name: 'three' })).rejects.toMatchObject({ type: 'user.changed' })
    await client.put('/v1/other', {})
    expect(sent.map((headers) => headers.get('if-match'))).toEqual([null, '"1"', '"2"', null])
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { MenuGroup } from './api/types'
import { marked, moved, placed, readOrigins, writeOrigins } from './card.svelte'
import { Problem } from './problem'
import type { Rest } from './rest'
import { midnight, SoldOutQueue } from './soldOut.svelte'

const group = (id: string, ...menus: string[]) => ({ id, name: id, hidden: false, menus: menus.map((id) => ({ id })) }) as MenuGroup

describe('a card that is edited', () => {
  it('moves one to another place', () => {
    expect(placed(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a'])
    expect(placed(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
  })

  it('takes a dish out of another heading', () => {
    const after = moved([group('one', 'a', 'b'), group('two', 'c')], 'two', ['b', 'c'])
    expect(after.map((one) => one.menus.map((menu) => menu.id))).toEqual([['a'], ['b', 'c']])
  })

  it('marks one dish or option, and no other', () => {
    const option = { id: 'o', name: '', price_won: 0, max_quantity: 1, is_default: false, hidden: false, sold_out: false }
    const menu = { id: 'm', sold_out: false, option_groups: [{ id: 'g', options: [option] }] }
    const groups = [{ id: 'one', menus: [menu] }] as unknown as MenuGroup[]
    const said = { sold_out: true, sold_out_until: '2026-11-27T15:00:00Z' }
    expect(marked(groups, 'o', said)[0]?.menus[0]).toMatchObject({ sold_out: false, option_groups: [{ options: [said] }] })
    expect(marked(groups, 'm', { sold_out: true })[0]?.menus[0]).toMatchObject({ sold_out: true, sold_out_until: null })
  })

  it('reads origins line by line', () => {
    const origins = [
      { ingredient: '닭고기', origin: '국내산' },
      { ingredient: '쌀', origin: '국내산: 경기' },
    ]
    expect(readOrigins(' 닭고기 : 국내산 \n\n쌀:국내산: 경기')).toEqual(origins)
    expect(readOrigins(writeOrigins(origins))).toEqual(origins)
  })
})

describe('what is said to be sold out', () => {
  let patch: ReturnType<typeof vi.fn>
  let queue: SoldOutQueue
  const done = vi.fn()

  beforeEach(() => {
    vi.useFakeTimers()
    const kept = new Map<string, string>()
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    })
    patch = vi.fn().mockResolvedValue({})
    done.mockClear()
    queue = new SoldOutQueue({ patch } as unknown as Rest, done)
  })

  afterEach(() => {
    queue.close()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('is sent again until the server has it, and only as it was said last', async () => {
    patch.mockRejectedValueOnce(Problem.unreachable())
    queue.say('/v1/menus/a', { sold_out: true })
    await vi.advanceTimersByTimeAsync(0)
    expect(queue.count).toBe(1)
    // What waits outlives a reload.
    const reloaded = new SoldOutQueue({ patch } as unknown as Rest, done)
    expect(reloaded.count).toBe(1)
    queue.say('/v1/menus/b', { sold_out: true })
    queue.say('/v1/menus/b', { sold_out: false })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(queue.count).toBe(0)
    expect(patch.mock.calls.at(-1)).toEqual(['/v1/menus/b', { sold_out: false }, { ifMatch: '*' }])
    expect(done).toHaveBeenCalledWith('/v1/menus/a', { sold_out: true })
  })

  it('is given up where the server refuses it, and the others go on', async () => {
    patch.mockRejectedValueOnce(new Problem({ type: 'not_found', status: 404 }))
    queue.say('/v1/menus/a', { sold_out: true })
    queue.say('/v1/menus/b', { sold_out: true })
    await vi.advanceTimersByTimeAsync(0)
    expect(queue.count).toBe(0)
    expect(queue.problem?.type).toBe('not_found')
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('ends at midnight in Seoul, if it is for today', () => {
    expect(midnight(Date.parse('2026-11-27T14:59:59Z'))).toBe('2026-11-27T15:00:00.000Z')
    expect(midnight(Date.parse('2026-11-27T15:00:00Z'))).toBe('2026-11-28T15:00:00.000Z')
  })
})

import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => 'ko', setItem: () => undefined })
vi.stubGlobal('navigator', { languages: ['ko'] })
const { arrivalOf } = await import('./eta')
import type { Known } from './eta'

const NOW = Date.parse('2026-11-26T10:00:00Z')
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString()
const DOOR = { lat: 37.5, lon: 127 }

function known(status: string, more: Partial<Record<keyof Known, unknown>> & { ready_by?: string } = {}): Known {
  const { ready_by = at(12), ...rest } = more
  const order = { status, ready_by, drop_off: { position: DOOR } }
  return { order, delivery: null, eta: null, position: null, seenAt: null, ...rest } as unknown as Known
}

const all = (of: Known) => JSON.stringify(arrivalOf(of, NOW))
const eta = (minutes: number, stale: boolean) => ({ arrive_at: at(minutes), stale })

describe('what a customer is told of the arrival', () => {
  it('before pickup it is what the restaurant does, however old the courier’s position is', () => {
    for (const status of ['accepted', 'preparing']) {
      const told = arrivalOf(known(status, { eta: eta(30, true), position: { lat: 37.5, lon: 127.01 }, seenAt: at(-20) }), NOW)
      expect(told.above).toBe('가게에서 준비 중')
      expect(told.title).toMatch(/조리 완료 예정$/)
      expect(told.arrives).toMatch(/도착 예정$/)
      expect([told.lost, told.lines.join()]).toEqual(['', ''])
    }
  })

  it('says what the courier does before pickup', () => {
    const line = (delivery: unknown) => arrivalOf(known('ready', { delivery }), NOW).lines.join()
    expect(line({ status: 'requested' })).toMatch(/찾고 있어요/)
    expect(line({ status: 'assigned', courier: {} })).toMatch(/가게로 가고/)
    expect(line({ status: 'at_restaurant', courier: {} })).toMatch(/기다리고/)
  })

  it('says that cooking takes longer instead of a time that has passed', () => {
    const told = arrivalOf(known('preparing', { ready_by: at(-3) }), NOW)
    expect(told.title).toBe('가게에서 준비 중')
    expect(told.lines.join()).toMatch(/늦어지고/)
  })

  it('says how far away the courier is, and nothing at 0 m', () => {
    const away = (lat: number) => all(known('picked_up', { eta: eta(5, false), position: { lat, lon: 127 } }))
    expect(away(37.51)).toMatch(/1\.1km 남음/)
    expect(away(37.502)).toMatch(/200m 남음/)
    for (const lat of [37.5003, 37.5]) expect(away(lat)).not.toMatch(/남음|0m/)
  })

  it('keeps the arrival of a courier who fell silent, and says since when', () => {
    const told = arrivalOf(known('picked_up', { eta: eta(5, true), position: { lat: 37.51, lon: 127 }, seenAt: at(-4) }), NOW)
    expect(told.title).toMatch(/:05/)
    expect(told.lost).toMatch(/:56 이후/)
  })

  it('an arrival that has passed is late, not a negative time', () => {
    const told = arrivalOf(known('picked_up', { eta: eta(-3, true) }), NOW)
    expect(told.lines.join()).toMatch(/늦어지고 있어요/)
    expect(told.lost).toBe('')
  })

  it('at the door there is no time', () => {
    const told = arrivalOf(known('picked_up', { eta: eta(1, false), delivery: { status: 'at_dropoff' } }), NOW)
    expect([told.title, told.lines]).toEqual(['라이더가 문 앞에 도착했어요', []])
  })

  it('who collects it hears of no courier', () => {
    const order = { status: 'ready', drop_off: null, ready_by: at(2) }
    expect(arrivalOf(known('ready', { order, delivery: { status: 'requested' } }), NOW).lines).toEqual(['지금 찾아가세요.'])
  })
})

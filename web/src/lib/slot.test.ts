import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => 'ko', setItem: () => undefined })
vi.stubGlobal('navigator', { languages: ['ko'] })
const { language } = await import('./i18n/index.svelte')
const { dayName, dayOf, slotDays, slotName, spanOf } = await import('./slot')

/** Half past midnight in Korea, where it is a day later than in UTC. */
const now = Date.parse('2026-11-30T15:30:00Z')

describe('a slot in words', () => {
  it('can be on eight days of Korea, the first of them today', () => {
    const days = slotDays(now)
    expect([days.length, days[0], days.at(-1)]).toEqual([8, '2026-12-01', '2026-12-08'])
  })

  it('has the name of its day', () => {
    const names = slotDays(now).map((day) => dayName(day, now))
    expect(names.slice(0, 3)).toEqual(['오늘', '내일', '12월 3일 (목)'])
    language.choose('en')
    expect(dayName('2026-12-03', now)).toBe('Thu, Dec 3')
    language.choose('ko')
  })

  it('is told by the clocks of Korea', () => {
    expect(spanOf('2026-12-03T03:30:00Z')).toBe('12:30–13:00')
    expect(spanOf('2026-12-03T14:30:00Z')).toBe('23:30–00:00')
    expect(slotName('2026-12-01T16:00:00Z', now)).toBe('내일 01:00–01:30')
  })

  it('has no day where there is none', () => {
    expect(dayOf('')).toBeNull()
    expect(dayOf('2026-12-03T15:00:00Z')).toBe('2026-12-04')
  })
})

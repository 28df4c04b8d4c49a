import { describe, expect, it } from 'vitest'
import { clockOf, minsOf, rangeOf, stripesOf } from './week'

describe('the hours of a week', () => {
  it('writes and reads times of a day', () => {
    expect([clockOf(0), clockOf(545), clockOf(1439), clockOf(1500)]).toEqual(['00:00', '09:05', '23:59', '01:00'])
    expect([minsOf('00:00'), minsOf('09:05'), minsOf('23:59'), minsOf(''), minsOf('24:00')]).toEqual([0, 545, 1439, null, null])
  })

  it('ends on the next day what does not rise', () => {
    expect(rangeOf('11:00', '02:00')).toEqual({ from_min: 660, to_min: 1560 })
    expect(rangeOf('00:00', '00:00')).toEqual({ from_min: 0, to_min: 1440 })
    expect(rangeOf('09:00', '')).toBeNull()
  })

  it('paints of a day what reaches into it from the day before', () => {
    const spans = [
      { weekday: 'sun' as const, from_min: 660, to_min: 1560 },
      { weekday: 'mon' as const, from_min: 600, to_min: 900 },
    ]
    expect(stripesOf(spans, 'mon')).toEqual([
      { from: 0, to: 120 },
      { from: 600, to: 900 },
    ])
    expect(stripesOf(spans, 'sun')).toEqual([{ from: 660, to: 1440 }])
    expect(stripesOf(spans, 'tue')).toEqual([])
  })
})

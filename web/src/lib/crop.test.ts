import { describe, expect, it } from 'vitest'
import { part } from './crop'

describe('a part cut out of a picture', () => {
  it('is as large as the picture allows, and in its middle', () => {
    const middle = { zoom: 1, x: 0.5, y: 0.5 }
    expect(part(400, 300, { ratio: 1, ...middle })).toEqual({ left: 50, top: 0, width: 300, height: 300 })
    expect(part(300, 400, { ratio: 1, ...middle, y: 1 })).toEqual({ left: 0, top: 100, width: 300, height: 300 })
    expect(part(400, 300, { ratio: 4 / 3, ...middle })).toEqual({ left: 0, top: 0, width: 400, height: 300 })
    expect(part(400, 400, { ratio: 4 / 3, ...middle })).toEqual({ left: 0, top: 50, width: 400, height: 300 })
  })

  it('never leaves the picture', () => {
    for (const ratio of [1, 4 / 3, 3 / 4])
      for (const zoom of [1, 2, 4])
        for (const x of [0, 0.3, 1])
          for (const y of [0, 0.7, 1]) {
            const { left, top, width, height } = part(1000, 10, { ratio, zoom, x, y })
            expect(left).toBeGreaterThanOrEqual(0)
            expect(top).toBeGreaterThanOrEqual(0)
            expect(left + width).toBeLessThanOrEqual(1000 + 1e-9)
            expect(top + height).toBeLessThanOrEqual(10 + 1e-9)
          }
  })
})

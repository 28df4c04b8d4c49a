import { describe, expect, it } from 'vitest'
import { square } from './crop'

describe('a square cut out of a picture', () => {
  it('is as large as the picture allows, and in its middle', () => {
    expect(square(400, 300, { zoom: 1, x: 0.5, y: 0.5 })).toEqual({ left: 50, top: 0, side: 300 })
    expect(square(300, 400, { zoom: 1, x: 0.5, y: 1 })).toEqual({ left: 0, top: 100, side: 300 })
  })

  it('never leaves the picture', () => {
    for (const zoom of [1, 2, 4])
      for (const x of [0, 0.3, 1])
        for (const y of [0, 0.7, 1]) {
          const { left, top, side } = square(1000, 10, { zoom, x, y })
          expect(left).toBeGreaterThanOrEqual(0)
          expect(top).toBeGreaterThanOrEqual(0)
          expect(left + side).toBeLessThanOrEqual(1000 + 1e-9)
          expect(top + side).toBeLessThanOrEqual(10 + 1e-9)
        }
  })
})

import { describe, expect, it } from 'vitest'
import { distanceM, Glide } from './glide'

const A = { lat: 37.5, lon: 127.0 }
const B = { lat: 37.501, lon: 127.0 }

describe('a glide', () => {
  it('takes as long as the reports lie apart', () => {
    const glide = new Glide(A, 0)
    glide.moveTo(B, 1000)
    expect(glide.at(1000)).toEqual(A)
    expect(glide.at(1500).lat).toBeCloseTo(37.5005, 6)
    expect(glide.at(2000)).toEqual(B)
    expect(glide.done(2000)).toBe(true)
  })

  it('starts where the marker is shown, not at the last report', () => {
    const glide = new Glide(A, 0)
    glide.moveTo(B, 1000)
    glide.moveTo(A, 1500)
    expect(glide.at(1500).lat).toBeCloseTo(37.5005, 6)
  })

  it('sets the marker where the way is too long to be a ride', () => {
    const glide = new Glide(A, 0)
    const far = { lat: 37.6, lon: 127.0 }
    glide.moveTo(far, 1000)
    expect(glide.at(1000)).toEqual(far)
  })

  it('measures distances on the globe', () => {
    expect(distanceM(A, B)).toBeCloseTo(111.2, 0)
    expect(distanceM(A, A)).toBe(0)
  })
})

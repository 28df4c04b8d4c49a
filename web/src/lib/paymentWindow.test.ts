import { describe, expect, it } from 'vitest'
import { takenIn, type Visit, wasClosed } from './paymentWindow'

const visit: Visit = { registration: 'r', kind: 'CARD', back: '#/cart', said: null }

describe('what the payment window said', () => {
  it('is kept with the visit that this tab began', () => {
    const brought = new URLSearchParams('payment_window=r&customerKey=c&authKey=k')
    expect(takenIn(visit, 'r', brought)).toEqual({ ...visit, said: { authKey: 'k' } })
  })

  it('counts for no other visit', () => {
    const brought = new URLSearchParams('payment_window=x&authKey=k')
    expect(takenIn(visit, 'x', brought)).toBeNull()
    expect(takenIn(null, 'r', brought)).toBeNull()
  })

  it('is a reason where there is no key', () => {
    const closed = takenIn(visit, 'r', new URLSearchParams('code=PAY_PROCESS_CANCELED&message=m'))
    expect(closed?.said).toEqual({ code: 'PAY_PROCESS_CANCELED', message: 'm' })
    expect(closed?.said && wasClosed(closed.said)).toBe(true)
    const refused = takenIn(visit, 'r', new URLSearchParams('code=INVALID_CARD&message=m'))
    expect(refused?.said && wasClosed(refused.said)).toBe(false)
    expect(wasClosed({ authKey: 'k' })).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import { RETURN, returnPage, takenIn, type Visit, wasClosed } from './paymentWindow'

const visit: Visit = { to: 'save', id: 'r', kind: 'CARD', back: '#/cart', said: null }
const paying: Visit = { to: 'pay', id: 'p', orderId: 'o', said: null }

describe('what the payment window said', () => {
  it('is kept with the visit that this tab began', () => {
    const brought = new URLSearchParams('payment_window=r&customerKey=c&authKey=k')
    expect(takenIn(visit, 'r', brought)).toEqual({ ...visit, said: { key: 'k', amountWon: 0 } })
    const paid = new URLSearchParams('payment_window=p&order=o&paymentType=NORMAL&orderId=p&paymentKey=k&amount=21000')
    expect(takenIn(paying, 'p', paid)).toEqual({ ...paying, said: { key: 'k', amountWon: 21_000 } })
  })

  it('counts for no other visit', () => {
    const brought = new URLSearchParams('payment_window=x&authKey=k')
    expect(takenIn(visit, 'x', brought)).toBeNull()
    expect(takenIn(null, 'r', brought)).toBeNull()
  })

  it('pays no order by what was agreed to for saving, nor the other way round', () => {
    expect(takenIn(paying, 'p', new URLSearchParams('payment_window=p&authKey=k'))?.said).toEqual({ code: '', message: '' })
    expect(takenIn(visit, 'r', new URLSearchParams('payment_window=r&paymentKey=k'))?.said).toEqual({ code: '', message: '' })
  })

  it('is a reason where there is no key', () => {
    const closed = takenIn(visit, 'r', new URLSearchParams('code=PAY_PROCESS_CANCELED&message=m'))
    expect(closed?.said).toEqual({ code: 'PAY_PROCESS_CANCELED', message: 'm' })
    expect(closed?.said && wasClosed(closed.said)).toBe(true)
    const refused = takenIn(visit, 'r', new URLSearchParams('code=INVALID_CARD&message=m'))
    expect(refused?.said && wasClosed(refused.said)).toBe(false)
    expect(wasClosed({ key: 'k', amountWon: 0 })).toBe(false)
  })

  it('leads to the page of its order, or to the one that saves', () => {
    expect(returnPage(new URLSearchParams('payment_window=r&authKey=k'))).toBe(RETURN)
    expect(returnPage(new URLSearchParams('payment_window=p&order=o&paymentKey=k'))).toBe('#/orders/o/payment')
    expect(returnPage(new URLSearchParams('payment_window=p&order=../account'))).toBe('#/orders/..%2Faccount/payment')
  })
})

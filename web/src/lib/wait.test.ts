import { expect, test } from 'vitest'
import { leftUntil } from './wait'

test('what is left is told to the second, and never below nothing', () => {
  const end = '2026-11-26T05:10:00Z'
  const at = (clock: string) => leftUntil(end, Date.parse(`2026-11-26T${clock}Z`))
  expect(at('05:00:00')).toBe('10:00')
  expect(at('05:09:58.900')).toBe('0:02')
  expect(at('05:10:00')).toBe('0:00')
  expect(at('05:11:00')).toBe('0:00')
})

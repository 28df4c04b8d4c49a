import { expect, it } from 'vitest'
import { under } from './days'

it('puts each item under its title, and keeps their order', () => {
  const items = ['오늘 3', '오늘 2', '어제 1', '오늘 0']
  expect(under(items, (item) => item.slice(0, 2))).toEqual([
    ['오늘', ['오늘 3', '오늘 2', '오늘 0']],
    ['어제', ['어제 1']],
  ])
  expect(under([], String)).toEqual([])
})

/**
 * The words about dishes that are taken out of an order, Korean first. They are apart from the others because
 * signing in needs none of them.
 */

import { language } from './index.svelte'

const ko = {
  title: '취소된 메뉴',
  cancel: '메뉴 빼기',
  cancelOf: (code: string) => `${code} 주문에서 메뉴 빼기`,
  text: '뺀 메뉴의 금액은 고객에게 돌려드려요. 되돌릴 수 없어요.',
  howMany: '몇 개를 뺄까요?',
  soldOut: '품절로 표시',
}

const en: typeof ko = {
  title: 'Cancelled dishes',
  cancel: 'Take out dishes',
  cancelOf: (code) => `Take dishes out of order ${code}`,
  text: 'The customer gets the money for them back. This cannot be undone.',
  howMany: 'How many of each?',
  soldOut: 'Mark as sold out',
}

/** In the chosen language. */
export const cancellationWords = () => (language.code === 'ko' ? ko : en)

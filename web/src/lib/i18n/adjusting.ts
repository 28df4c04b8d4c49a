/** The words with which operators give something back of an order that has arrived, Korean first. */

import type { FaultName } from '../api/types'
import { language } from './index.svelte'

const ko = {
  giveBack: '환불하기',
  giveBackWon: (won: string) => `${won} 환불하기`,
  giveBackOf: (code: string) => `${code} 주문 환불`,
  text: '고객에게 돌려주는 돈은 다시 받을 수 없어요.',
  what: '무엇을 환불할까요?',
  by: { parts: '메뉴', amount: '금액' },
  howMany: '몇 개를 환불할까요?',
  tip: (won: string) => `배달팁 ${won}`,
  amount: '환불할 금액 (원)',
  most: (won: string) => `${won}까지 환불할 수 있어요.`,
  reason: '무엇이 문제였나요?',
  fault: '누구의 책임인가요?',
  faults: { restaurant: '가게', courier: '라이더', platform: '플랫폼', customer: '고객' } as Record<FaultName, string>,
  bears: {
    restaurant: '가게가 모두 부담해요.',
    courier: '라이더가 배달팁을, 플랫폼이 나머지를 부담해요.',
    platform: '플랫폼이 모두 부담해요.',
    customer: '플랫폼이 호의로 모두 부담해요.',
  } as Record<FaultName, string>,
  effect: '환불하면',
  incomplete: '환불할 것과 문제, 책임을 고르면 누가 얼마를 부담하는지 보여드려요.',
  money: '결제 수단으로',
  points: '포인트로',
  faultOf: (who: string) => `${who} 책임`,
  restaurant: '가게 부담',
  courier: '라이더 부담',
  platform: '플랫폼 부담',
  coupons: '플랫폼이 돌려받는 쿠폰 할인',
  decidedBy: '처리한 운영자',
}

const en: typeof ko = {
  giveBack: 'Give back',
  giveBackWon: (won) => `Give back ${won}`,
  giveBackOf: (code) => `Give back of order ${code}`,
  text: 'What goes back to the customer cannot be taken back.',
  what: 'What goes back?',
  by: { parts: 'Dishes', amount: 'An amount' },
  howMany: 'How many of each?',
  tip: (won) => `Delivery tip ${won}`,
  amount: 'Amount (₩)',
  most: (won) => `At most ${won} can go back.`,
  reason: 'What was wrong?',
  fault: 'Whose fault was it?',
  faults: { restaurant: 'The restaurant’s', courier: 'The courier’s', platform: 'The platform’s', customer: 'The customer’s' },
  bears: {
    restaurant: 'The restaurant bears all of it.',
    courier: 'The courier bears the tip, the platform the rest.',
    platform: 'The platform bears all of it.',
    customer: 'The platform bears all of it, as goodwill.',
  },
  effect: 'What it does',
  incomplete: 'Once you have chosen what goes back, why and by whose fault, you see who bears how much.',
  money: 'To the means of payment',
  points: 'In points',
  faultOf: (who) => `Fault: ${who.toLowerCase()}`,
  restaurant: 'Restaurant bears',
  courier: 'Courier bears',
  platform: 'Platform bears',
  coupons: 'Coupons that come back to the platform',
  decidedBy: 'Decided by',
}

/** In the chosen language. */
export const adjustingWords = () => (language.code === 'ko' ? ko : en)

/** The words about scheduled orders, Korean first. They are apart from the others because signing in needs none of them. */

import { language } from './index.svelte'

const ko = {
  title: '예약 시간',
  choose: '시간 고르기',
  change: '시간 바꾸기',
  notChosen: '아직 시간을 고르지 않았어요.',
  day: '날짜',
  time: '시간',
  tomorrow: '내일',
  full: '마감',
  none: '이날은 예약할 수 있는 시간이 없어요. 다른 날을 골라 주세요.',
  allFull: '이날은 모두 마감됐어요. 다른 날을 골라 주세요.',
  gone: (slot: string) => `골라 둔 시간(${slot})은 이제 예약할 수 없어요. 다른 시간을 골라 주세요.`,
  take: (slot: string) => `${slot} 예약`,
  takeNone: '시간을 골라 주세요',
  /** For owners. */
  limited: '예약 주문 수 제한',
  limitedText: '한 시간대의 예약이 다 차면 손님은 다른 시간을 골라요.',
  perSlot: '30분마다 받을 예약 주문 수',
  closes: '문을 닫게 된 시간에 예약된 주문은 10분 뒤에 취소되고 모두 환불돼요. 그 전에 되돌리면 주문은 그대로예요.',
}

const en: typeof ko = {
  title: 'Scheduled time',
  choose: 'Choose a time',
  change: 'Change the time',
  notChosen: 'No time is chosen yet.',
  day: 'Day',
  time: 'Time',
  tomorrow: 'Tomorrow',
  full: 'Full',
  none: 'There is no time to choose on this day. Please choose another day.',
  allFull: 'All times of this day are full. Please choose another day.',
  gone: (slot) => `The time that you chose (${slot}) cannot be had any more. Please choose another one.`,
  take: (slot) => `Confirm ${slot}`,
  takeNone: 'Choose a time',
  limited: 'Limit scheduled orders',
  limitedText: 'When a half-hour is full, customers choose another one.',
  perSlot: 'Scheduled orders for each half-hour',
  closes:
    'Scheduled orders for times at which you will be closed are cancelled ten minutes later, with a full refund. If you take the change back before that, nothing happens to them.',
}

/** In the chosen language. */
export const slotWords = () => (language.code === 'ko' ? ko : en)

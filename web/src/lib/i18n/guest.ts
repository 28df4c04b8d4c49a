/**
 * The words for guests, who have not signed in, and about what becomes of their cart, Korean first. They are
 * apart from the others because signing in needs none of them.
 */

import { language } from './index.svelte'

const guestKo = {
  where: '어디로 배달할까요?',
  whereText: '동네를 고르면 가까운 가게를 보여 드려요. 고른 동네는 이 브라우저에만 남아요.',
  place: '동네',
  changePlace: '동네 바꾸기',
  find: '동네 찾기',
  findHint: '예: 강남구 역삼동',
  found: (count: number) => `${count}곳을 찾았어요. 하나를 골라 주세요.`,
  kept: '이 장바구니는 이 브라우저에만 있어요. 로그인하면 계정 장바구니로 옮겨져요.',
  mine: '계정에 담아 둔 메뉴는 로그인하면 볼 수 있어요.',
  total: '총 금액',
  estimate: '지금 기준 금액이에요. 로그인한 뒤 주문할 때 다시 확인해요.',
  order: '로그인하고 주문하기',
  noPlace: '동네를 고르면 배달팁을 볼 수 있어요.',
  arrives: '도착 예정',
  readyAt: '준비 예정',
  gone: '이 가게를 더 이상 찾을 수 없어요.',
  taken: '로그인 전에 담은 메뉴를 장바구니로 옮겼어요.',
  leftOut: (dishes: string) => `담을 수 없는 메뉴는 뺐어요: ${dishes}`,
  other: '어느 장바구니로 주문할까요?',
  otherText: (guest: string, account: string) =>
    `로그인 전에 담은 ‘${guest}’ 메뉴와 계정에 담아 둔 ‘${account}’ 메뉴가 있어요. 한 번에 한 가게에서만 주문할 수 있어요.`,
  accountOther: '다른 가게',
  takeGuest: '로그인 전 메뉴로 바꾸기',
  keepAccount: '계정 장바구니 그대로 두기',
  waiting: (restaurant: string) => `로그인 전에 담은 ‘${restaurant}’ 메뉴를 장바구니로 옮기지 못했어요.`,
  drop: '버리기',
}

const guestEn: typeof guestKo = {
  where: 'Where should it be delivered?',
  whereText: 'Choose a neighbourhood to see the restaurants nearby. It is kept in this browser only.',
  place: 'Neighbourhood',
  changePlace: 'Change',
  find: 'Find a neighbourhood',
  findHint: 'For example: 강남구 역삼동',
  found: (count) => (count === 1 ? 'One place was found. Choose it.' : `${count} places were found. Choose one.`),
  kept: 'This cart is in this browser only. When you sign in, it becomes your account’s.',
  mine: 'Sign in to see what is in your account’s cart.',
  total: 'Total',
  estimate: 'This is the price by now. It is checked again when you have signed in and order.',
  order: 'Sign in to order',
  noPlace: 'Choose a neighbourhood to see the delivery tip.',
  arrives: 'Expected',
  readyAt: 'Ready',
  gone: 'This restaurant is not here any more.',
  taken: 'The dishes that you chose before signing in are in your cart.',
  leftOut: (dishes) => `These could not be had: ${dishes}`,
  other: 'Which cart do you want to order?',
  otherText: (guest, account) =>
    `Before signing in you chose dishes of ${guest}, and your account’s cart has dishes of ${account}. One order is of one restaurant.`,
  accountOther: 'another restaurant',
  takeGuest: 'Take the new dishes instead',
  keepAccount: 'Keep the account’s cart',
  waiting: (restaurant) => `The dishes of ${restaurant} that you chose before signing in are not in your cart yet.`,
  drop: 'Drop them',
}

/** In the chosen language. */
export const guestWords = () => (language.code === 'ko' ? guestKo : guestEn)

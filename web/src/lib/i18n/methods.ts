/** The words about means of payment, Korean first. They are apart from the others because signing in needs none of them. */

import { language } from './index.svelte'

const ko = {
  title: '결제수단',
  text: '결제에 쓰는 카드와 계좌',
  choose: '결제수단',
  none: '등록한 결제수단이 없어요.',
  kinds: { card: '카드', easy_pay: '간편결제', bank: '계좌' } as Record<string, string>,
  default: '기본',
  makeDefault: '기본으로 쓰기',
  madeDefault: '기본 결제수단을 바꿨어요.',
  remove: '삭제',
  askRemove: '이 결제수단을 삭제할까요?',
  askRemoveText: (method: string) => `${method} 등록을 지워요. 이미 결제한 주문의 환불은 그대로 받을 수 있어요.`,
  removed: '결제수단을 삭제했어요.',
  addCard: '카드 등록',
  addBank: '계좌 등록',
  addText: '등록은 결제사 창에서 해요. 전체 번호는 저희에게 전달되지 않아요.',
  added: (issuer: string) => `결제수단을 등록했어요: ${issuer}`,
  again: '다시 등록하기',
  once: '이번만 결제 (저장하지 않음)',
  onceText: '결제사 창에서 카드 정보를 입력해요.',
  opening: '결제사 창을 열고 있어요.',
  unpaid: (until: string) => `아직 결제하지 않은 주문이에요. ${until}까지 결제할 수 있어요.`,
  checking: '결제 결과를 확인하고 있어요. 잠시만 기다려 주세요.',
  declined: '결제사에서 결제를 승인하지 않았어요.',
  declinedKept: (until: string) =>
    `청구된 금액은 없고, 주문과 장바구니는 그대로예요. ${until}까지 다른 결제수단으로 결제할 수 있어요.`,
  /** Back from the payment company's window, by what it was opened for. */
  back: {
    save: {
      title: '결제수단 등록',
      busy: '결제수단을 등록하고 있어요. 잠시만 기다려 주세요.',
      closed: '결제사 창을 닫아서 아무것도 등록하지 않았어요.',
      refused: '결제사가 등록을 받아 주지 않았어요.',
      lost: '이 탭에는 끝낼 등록이 없어요. 처음부터 다시 시작해 주세요.',
      leave: '등록하지 않고 돌아가기',
    },
    pay: {
      title: '결제',
      busy: '결제하고 있어요. 잠시만 기다려 주세요.',
      closed: '결제사 창을 닫아서 결제하지 않았어요. 청구된 금액은 없어요.',
      refused: '결제사가 결제를 받아 주지 않았어요. 청구된 금액은 없어요.',
      lost: '이 탭에는 끝낼 결제가 없어요. 결제됐는지는 주문에서 볼 수 있어요.',
      leave: '주문 보기',
    },
  },
}

const en: typeof ko = {
  title: 'Payment methods',
  text: 'Cards and bank accounts that you pay with',
  choose: 'Payment method',
  none: 'No payment method is saved yet.',
  kinds: { card: 'Card', easy_pay: 'Easy pay', bank: 'Bank account' },
  default: 'Default',
  makeDefault: 'Make it the default',
  madeDefault: 'The default payment method was changed.',
  remove: 'Delete',
  askRemove: 'Delete this payment method?',
  askRemoveText: (method) => `${method} is not kept any longer. Refunds of what you paid with it still arrive.`,
  removed: 'The payment method was deleted.',
  addCard: 'Add a card',
  addBank: 'Add a bank account',
  addText: 'You add it in the payment company’s window. We never see the whole number.',
  added: (issuer) => `The payment method was added: ${issuer}`,
  again: 'Begin again',
  once: 'Pay once (not saved)',
  onceText: 'The payment company’s window asks for the card.',
  opening: 'Opening the payment company’s window.',
  unpaid: (until) => `This order is not paid yet. You can pay until ${until}.`,
  checking: 'The payment is being checked. One moment, please.',
  declined: 'The payment was declined.',
  declinedKept: (until) => `Nothing was charged, and order and cart are kept. You can pay in another way until ${until}.`,
  back: {
    save: {
      title: 'Adding a payment method',
      busy: 'Saving the payment method. One moment, please.',
      closed: 'The window was closed, and nothing was added.',
      refused: 'The payment company did not accept it.',
      lost: 'Nothing waits to be finished in this tab. Please begin again.',
      leave: 'Go back without it',
    },
    pay: {
      title: 'Payment',
      busy: 'Paying. One moment, please.',
      closed: 'The window was closed, and nothing was charged.',
      refused: 'The payment company did not accept it. Nothing was charged.',
      lost: 'No payment waits to be finished in this tab. The order shows whether it is paid.',
      leave: 'To the order',
    },
  },
}

/** In the chosen language. */
export const methodWords = () => (language.code === 'ko' ? ko : en)

/**
 * What problems say: a code, then Korean, then English.
 *
 * Every code that the server's rules know stands here, so that nobody reads the words of a
 * machine in another language (`problems.test.ts` holds this page to the rules).
 */

export type Row = readonly [ko: string, en: string]

const ASK_AGAIN = ['금액을 다시 확인해 주세요.', 'Please check the price again.'] as const
const NOT_CHARGED = ['청구된 금액은 없어요.', 'Nothing was charged.'] as const

/** Why something was not done. */
export const PROBLEMS: Record<string, Row> = {
  'client.unreachable': [
    '서버에 연결할 수 없어요. 네트워크를 확인하고 다시 시도해 주세요.',
    'The server cannot be reached. Check the network and try again.',
  ],
  'client.fault': ['문제가 생겼어요. 다시 시도해 주세요.', 'Something went wrong. Please try again.'],
  'client.geolocation': [
    '위치를 읽을 수 없어요. 브라우저의 위치 권한을 확인해 주세요.',
    'The position cannot be read. Check the browser’s location permission.',
  ],

  internal: ['서버에 문제가 생겼어요. 다시 시도해 주세요.', 'Something went wrong on our side. Please try again.'],
  unavailable: ['지금은 처리할 수 없어요. 잠시 후 다시 시도해 주세요.', 'Not possible just now. Please try again in a moment.'],
  overloaded: ['요청이 몰리고 있어요. 잠시 후 다시 시도해 주세요.', 'Very busy just now. Please try again in a moment.'],
  limited: ['요청이 너무 잦아요. 잠시 후 다시 시도해 주세요.', 'Too many requests. Please try again in a moment.'],
  timeout: ['응답이 너무 오래 걸렸어요. 다시 시도해 주세요.', 'The answer took too long. Please try again.'],
  upstream_unavailable: ['지금은 처리할 수 없어요. 잠시 후 다시 시도해 주세요.', 'Not possible just now. Please try again in a moment.'],
  upstream_lost: [
    '응답을 받지 못했어요. 처리됐는지 확인한 뒤 다시 시도해 주세요.',
    'No answer came. Look whether it was done, then try again.',
  ],
  conflict: ['다른 변경이 먼저 처리됐어요. 다시 확인해 주세요.', 'Something else happened first. Please look again.'],
  stale: ['그사이 내용이 바뀌었어요. 다시 확인해 주세요.', 'It changed meanwhile. Please look again.'],
  forbidden: ['이 작업을 할 권한이 없어요.', 'You may not do this.'],
  unauthenticated: ['먼저 로그인해 주세요.', 'Please sign in first.'],
  superseded: ['다른 기기에서 이어서 쓰고 있어요.', 'Another device has taken over.'],
  not_found: ['찾을 수 없어요.', 'There is no such thing.'],
  path_not_found: ['이 주소에는 아무것도 없어요.', 'There is nothing at this address.'],
  channel_unknown: ['찾을 수 없어요.', 'There is no such thing.'],
  too_many_subscriptions: ['한 번에 볼 수 있는 수를 넘었어요. 다른 화면을 닫아 주세요.', 'Too much is open at once. Please close something.'],
  invalid: ['올바르지 않은 항목이 있어요. 확인해 주세요.', 'Something is not right. Please check what you entered.'],
  bad_request: ['요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.', 'The request could not be read. Reload and try again.'],
  bad_frame: ['요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.', 'The request could not be read. Reload and try again.'],
  body_too_large: ['내용이 너무 커요.', 'That is too large.'],

  'auth.credentials_wrong': ['이메일 또는 비밀번호가 올바르지 않아요.', 'E-mail or password is wrong.'],
  'auth.locked': ['비밀번호를 여러 번 잘못 입력했어요. 잠시 후 다시 시도해 주세요.', 'Too many wrong passwords. Please try again later.'],
  'auth.account_locked': [
    '이 계정의 비밀번호가 여러 번 잘못 입력됐어요. 전에 로그인했던 기기를 쓰거나 나중에 다시 시도해 주세요.',
    'Too many wrong passwords for this account. Use a device that was signed in before, or try again later.',
  ],
  'auth.too_many_at_once': ['같은 계정으로 동시에 로그인하고 있어요. 잠시 후 다시 시도해 주세요.', 'This account is signing in elsewhere. Please try again in a moment.'],
  'auth.token_not_good': ['다시 로그인해 주세요.', 'Please sign in again.'],
  'auth.token_expired': ['로그인 시간이 지났어요. 다시 로그인해 주세요.', 'Your session ran out. Please sign in again.'],
  'auth.session_ended': ['로그아웃된 기기예요. 다시 로그인해 주세요.', 'This device was signed out. Please sign in again.'],
  'auth.refresh_token_not_good': ['로그인이 만료됐어요. 다시 로그인해 주세요.', 'Your session ran out. Please sign in again.'],
  'auth.refresh_token_reused': ['보안을 위해 로그아웃됐어요. 다시 로그인해 주세요.', 'You were signed out for safety. Please sign in again.'],
  'user.email_taken': ['이미 가입된 이메일이에요. 로그인해 주세요.', 'There is an account with this e-mail. Please sign in.'],
  'user.too_many_addresses': ['주소는 20개까지 저장할 수 있어요. 하나를 삭제해 주세요.', 'At most 20 addresses can be kept. Please remove one.'],
  'user.default_address_needed': ['기본 주소가 하나 필요해요. 다른 주소를 기본으로 정해 주세요.', 'One address must be the default. Choose another one first.'],
  'idempotency.in_progress': ['같은 요청을 처리하고 있어요.', 'The same request is being done already.'],
  'idempotency.key_reused': ['요청이 바뀌었어요. 다시 시도해 주세요.', 'The request changed. Please try again.'],
  'idempotency.key_invalid': ['요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.', 'The request could not be read. Reload and try again.'],

  'menu.sold_out': ['품절된 메뉴예요.', 'This dish is sold out.'],
  'menu.option_sold_out': ['품절된 옵션이 있어요.', 'An option is sold out.'],
  'menu.unknown_option': ['없는 옵션이에요. 메뉴를 다시 열어 주세요.', 'There is no such option. Please open the dish again.'],
  'menu.too_few_options': ['필수 옵션을 골라 주세요.', 'Please choose the options that are needed.'],
  'menu.too_many_options': ['옵션을 너무 많이 골랐어요.', 'Too many options are chosen.'],
  'menu.option_too_often': ['한 옵션을 너무 많이 골랐어요.', 'An option is chosen too often.'],
  'menu.amount_too_large': ['금액이 너무 커요.', 'The amount is too large.'],
  'cart.other_restaurant': ['다른 가게의 메뉴가 장바구니에 있어요.', 'The cart holds dishes of another restaurant.'],
  'cart.empty': ['장바구니가 비어 있어요.', 'The cart is empty.'],
  'cart.no_such_line': ['장바구니에서 이미 빠진 메뉴예요.', 'It is no longer in the cart.'],
  'cart.too_many_lines': ['장바구니가 가득 찼어요.', 'The cart is full.'],
  'cart.quantity_out_of_range': ['이 수량은 담을 수 없어요.', 'That quantity is not possible.'],
  'cart.amount_too_large': ['금액이 너무 커요.', 'The amount is too large.'],
  'cart.quote_not_orderable': ['지금은 이대로 주문할 수 없어요.', 'It cannot be ordered like this now.'],
  'cart.quote_expired': [`금액 안내가 만료됐어요. ${ASK_AGAIN[0]}`, `The price has expired. ${ASK_AGAIN[1]}`],
  'cart.quote_outdated': [`장바구니가 바뀌었어요. ${ASK_AGAIN[0]}`, `The cart has changed. ${ASK_AGAIN[1]}`],
  'cart.quote_used': [`이 금액으로 한 주문은 끝났어요. ${ASK_AGAIN[0]}`, `The order of this price is over. ${ASK_AGAIN[1]}`],
  'cart.price_rose': [`그사이 금액이 올랐어요. ${ASK_AGAIN[0]}`, `The price has risen meanwhile. ${ASK_AGAIN[1]}`],

  'order.quote_expired': [`금액 안내가 만료됐어요. ${ASK_AGAIN[0]}`, `The price has expired. ${ASK_AGAIN[1]}`],
  'order.not_orderable': ['지금은 이대로 주문할 수 없어요.', 'It cannot be ordered like this now.'],
  'order.text_refused': [
    '보이지 않는 글자나 줄바꿈은 쓸 수 없어요. 지우고 다시 적어 주세요.',
    'Invisible characters and line breaks cannot be used here. Remove them and try again.',
  ],
  'order.wishes_differ': [
    '같은 장바구니로 이미 다른 요청의 주문이 있어요. 그 주문을 확인하거나 취소해 주세요.',
    'This cart was ordered already, with other wishes. Look at that order, or cancel it.',
  ],
  'order.payment_open': [
    '다른 주문의 결제가 진행 중이에요. 결과가 나올 때까지 잠시만 기다려 주세요.',
    'Another order is being paid. Please wait until that is known.',
  ],
  'order.payment_overdue': [`결제 시간이 지났어요. ${NOT_CHARGED[0]}`, `The time to pay has run out. ${NOT_CHARGED[1]}`],
  'order.slot_over': [`예약한 시간을 더는 맞출 수 없어요. ${NOT_CHARGED[0]}`, `The chosen time cannot be met any more. ${NOT_CHARGED[1]}`],
  'order.cart_ordered': ['이 장바구니는 이미 주문했어요. 주문 내역을 확인해 주세요.', 'This cart was ordered already. Look at your orders.'],
  'order.restaurant_closed': [`가게가 이 시간에는 주문을 받지 않아요. ${NOT_CHARGED[0]}`, `The restaurant takes no orders at that time. ${NOT_CHARGED[1]}`],
  'order.sold_out': [`주문한 메뉴 중 품절된 것이 있어요. ${NOT_CHARGED[0]}`, `Something in this order is sold out. ${NOT_CHARGED[1]}`],
  'order.code_locked': [
    '번호를 여러 번 틀려 더는 쓸 수 없어요. 고객센터에 문의해 주세요.',
    'The code was wrong too often and no longer works. Please ask support.',
  ],
  'order.wrong_code': ['번호가 맞지 않아요.', 'The code is wrong.'],
  'order.transition_refused': ['주문 상태가 바뀌어서 지금은 할 수 없어요.', 'The order has moved on; this cannot be done now.'],
  'order.preparation_out_of_range': ['조리 시간은 5분에서 90분까지예요.', 'Preparation takes 5 to 90 minutes.'],
  'order.amount_differs': ['결제 금액이 주문과 달라요.', 'The amount differs from the order’s.'],
  'order.not_its_courier': ['이 주문의 라이더가 아니에요.', 'You are not the courier of this order.'],
  'order.cancel_request_open': ['이미 취소를 요청했어요.', 'Cancellation was requested already.'],
  'order.no_cancel_request': ['취소 요청이 없어요.', 'No cancellation was requested.'],
  'order.not_at_door': ['전달지에 도착한 뒤에 할 수 있어요.', 'Only at the door can this be done.'],
  'order.no_contact': ['먼저 문 앞에서 고객에게 연락해 주세요.', 'The customer has to be contacted from the door first.'],
  'order.contact_too_few': ['두 가지 방법으로 연락해 주세요.', 'Please try two ways to reach the customer.'],
  'order.contact_running': ['아직 고객을 기다리는 시간이에요.', 'The customer still has time to come.'],
  'order.too_many_contacts': ['더는 기록할 수 없어요.', 'No more of these can be recorded.'],
  'order.nothing_to_reorder': ['이 주문의 메뉴는 지금 주문할 수 없어요.', 'Nothing of this order can be had now.'],
  'order.text_too_long': ['글이 너무 길어요.', 'The text is too long.'],
  'payment.already_paying': ['이미 결제하고 있어요. 결과를 기다려 주세요.', 'It is being paid already. Please wait for the outcome.'],
  'payment.decided': ['이미 처리됐어요.', 'It was decided already.'],

  'offer.gone': ['다른 라이더에게 배정됐거나 취소된 배달이에요.', 'It went to another courier, or was called off.'],
  'offer.at_capacity': ['배달을 더 받을 수 없어요. 먼저 진행 중인 배달을 마쳐 주세요.', 'You carry as much as you can. Finish a delivery first.'],
  'offer.off_shift': ['근무를 시작하면 제안을 수락할 수 있어요.', 'Start your shift to accept offers.'],
  'offer.expired': ['배달 제안 시간이 지났어요.', 'The offer ran out.'],
  'offer.answered': ['이미 답한 제안이에요.', 'You answered this offer already.'],
  'delivery.not_yours': ['내 배달이 아니에요.', 'This is not your delivery.'],
  'delivery.transition_refused': ['배달 상태가 바뀌어서 지금은 할 수 없어요.', 'The delivery has moved on; this cannot be done now.'],
  'tracking.too_many_fixes': ['위치가 밀려 있어요. 곧 다시 보내요.', 'Positions are waiting; they are sent again shortly.'],
  'tracking.batch_empty': ['위치를 보내지 못했어요.', 'The positions could not be sent.'],
  'tracking.batch_too_large': ['위치를 보내지 못했어요.', 'The positions could not be sent.'],
  'tracking.negative_number': ['위치를 보내지 못했어요.', 'The positions could not be sent.'],
  'tracking.seq_not_rising': ['위치를 보내지 못했어요.', 'The positions could not be sent.'],

  'support.closed': ['종료된 상담이에요. 새로 문의해 주세요.', 'This conversation is over. Please begin a new one.'],
  'support.not_assigned': ['나에게 배정된 상담이 아니에요.', 'This conversation is not assigned to you.'],
  'support.not_queued': ['이미 다른 상담원이 맡은 상담이에요.', 'Another agent has this conversation.'],
  'support.note_by_customer': ['내부 메모는 상담원만 쓸 수 있어요.', 'Only agents write private notes.'],
  'support.read_beyond_end': ['대화를 다시 불러와 주세요.', 'Please load the conversation again.'],
  'support.client_message_id_reused': ['메시지를 다시 보내 주세요.', 'Please send the message again.'],
}

/** What is wrong with one field, where its code says it. */
export const FAULTS: Record<string, Row> = {
  required: ['꼭 입력해 주세요.', 'This is needed.'],
  unknown_field: ['알 수 없는 항목이에요.', 'There is no such field.'],
  missing: ['꼭 입력해 주세요.', 'This is needed.'],
  blank: ['꼭 입력해 주세요.', 'This is needed.'],
  too_short: ['너무 짧아요.', 'Too short.'],
  too_long: ['너무 길어요.', 'Too long.'],
  too_common: ['너무 흔한 비밀번호예요. 다른 것으로 정해 주세요.', 'Too common a password. Please choose another one.'],
  holds_email: ['비밀번호에 이메일이 들어 있어요.', 'The password holds the e-mail address.'],
  control_character: ['쓸 수 없는 글자가 있어요.', 'It holds characters that cannot be used.'],
  not_an_email: ['이메일 주소가 아니에요.', 'This is no e-mail address.'],
  not_a_phone: ['휴대전화 번호가 아니에요. 예: 010-1234-5678', 'This is no mobile number, as 010-1234-5678.'],
  out_of_range: ['가능한 범위를 벗어났어요.', 'Out of range.'],
  expired: ['기한이 지났어요.', 'It has expired.'],
  closed: ['이 시간에는 영업하지 않아요.', 'Closed at that time.'],
  not_in_order: ['주문에 없는 메뉴예요.', 'The order has no such dish.'],
  invalid: ['올바르지 않아요.', 'This is not right.'],
}

/** What a status says where neither its code nor its words are known. */
export const STATUSES: Record<number, Row> = {
  401: PROBLEMS['unauthenticated'] as Row,
  403: PROBLEMS['forbidden'] as Row,
  404: PROBLEMS['not_found'] as Row,
  409: PROBLEMS['conflict'] as Row,
  412: PROBLEMS['stale'] as Row,
  413: PROBLEMS['body_too_large'] as Row,
  422: PROBLEMS['invalid'] as Row,
  429: PROBLEMS['limited'] as Row,
  500: PROBLEMS['internal'] as Row,
  502: PROBLEMS['upstream_lost'] as Row,
  503: PROBLEMS['unavailable'] as Row,
  504: PROBLEMS['timeout'] as Row,
}

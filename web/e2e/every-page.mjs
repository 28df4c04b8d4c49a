/** Every page there is, with something on it: for the stories that hold of all of them. */

import {
  campaign, CARDS, carried, customer, demo, fillCart, get, givePoints, guestCart, guestPlace, keepGuest, keepSession, pay, post, put, saveMethod,
} from './people.mjs'

/** A word that no line of a phone is long enough for, as people do write them. */
const LONG = '정문에서오른쪽으로돌아파란지붕옆계단을올라오세요기다리고있을게요'

/**
 * Signs everybody in, and answers the pages: `name`, `app`, `path`, and `ready`, a selector of
 * what only a loaded page has. `context` is a browser context that has all sessions. With `busy`
 * the owner has orders to answer, the courier carries one and the agent has a chat.
 */
export async function everyPage(context, { busy = false } = {}) {
  // Others than those of the stories that run beside: nobody else's order wakes these pages.
  const staff = Object.fromEntries(
    await Promise.all(
      Object.entries({ courier: '59', owner: '02', agent: '02', operator: '01' }).map(async ([app, number]) => [
        app,
        await demo(app, number),
      ]),
    ),
  )
  // Busy is who has orders of a neighbour.
  const mine = (await get(staff.owner, '/v1/restaurants/mine')).items
  const open = mine.find((one) => one.open_now) ?? mine[0]
  const guest = await customer({ detail: `101동 1203호 ${LONG}`, ...(busy ? { position: open.position } : {}) })
  const carriedOrder = busy && (await carried({ guest, owner: staff.owner, rider: staff.courier, steps: ['at_restaurant'], note: LONG }))
  const shops = busy ? mine.map((one) => one.id) : undefined
  const restaurant = await fillCart(guest.tokens, guest.position, shops)
  const cancelled = await pay(guest)
  await post(guest.tokens, `/v1/orders/${cancelled.id}/cancel`, { reason: 'changed_mind' })
  const payment = (await get(guest.tokens, `/v1/payments?order_id=${cancelled.id}`)).items[0]
  // One coupon is used, and one is in the cart; others are offered.
  const code = `EP${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`
  const off = { name: LONG, kind: 'order', benefit: { by: 'percent', percent: 10, at_most_won: 5_000 } }
  const coupons = await campaign(staff.operator, { ...off, code, per_customer: 2 })
  await campaign(staff.operator, { ...off, kind: 'delivery', categories: ['chicken', 'pizza', 'late_night'], first_order: true, minimum_won: 20_000 })
  // Points, too.
  await givePoints(staff.operator, guest.tokens.user_id, 987_654)
  const choose = async () => {
    const { id } = await post(guest.tokens, '/v1/coupons', { by: 'code', code })
    await put(guest.tokens, `/v1/cart/coupons/${id}`)
    await put(guest.tokens, '/v1/cart/points', { points_won: 3_210 })
  }
  await fillCart(guest.tokens, guest.position, shops)
  await choose()
  const placed = await pay(guest, LONG)
  await fillCart(guest.tokens, guest.position)
  await choose()
  await saveMethod(guest.tokens, CARDS.bank)
  if (busy) await put(staff.agent, '/v1/agents/me/presence', { online: true, capacity: 5 })
  await post(guest.tokens, '/v1/conversations', {
    topic: 'order',
    order_id: placed.id,
    text: `${LONG} https://example.com/${'a'.repeat(80)}`,
    client_message_id: crypto.randomUUID(),
  })

  await keepSession(context, 'customer', guest.tokens)
  for (const [app, tokens] of Object.entries(staff)) await keepSession(context, app, tokens)

  const pages = [
    ['restaurants', 'customer', '', '[data-restaurant]'],
    ['restaurant', 'customer', `restaurants/${restaurant.id}`, '[data-menu]'],
    ['cart', 'customer', 'cart', '[data-testid=quote]'],
    ['orders', 'customer', 'orders', 'main a[href*="orders/"]'],
    ['order', 'customer', `orders/${placed.id}`, '[data-status=placed]'],
    ['order-cancelled', 'customer', `orders/${cancelled.id}`, '[data-status=cancelled]'],
    ['order-payment', 'customer', `orders/${placed.id}/payment`, '[data-testid=go-back]'],
    ...(carriedOrder ? [['order-ready', 'customer', `orders/${carriedOrder.id}`, '[data-status=ready]']] : []),
    ['addresses', 'customer', 'addresses', 'input[type=radio]'],
    ['account', 'customer', 'account', '[data-section=consents]'],
    ['payment-methods', 'customer', 'account/payment-methods', '[data-method]'],
    ['payment-return', 'customer', 'account/payment-methods/return', '[data-testid=begin-again]'],
    ['account-profile', 'customer', 'account/profile', '[data-testid=save-profile]'],
    ['account-consents', 'customer', 'account/consents', '[data-consent=terms]'],
    ['account-notifications', 'customer', 'account/notifications', '[data-category=promotion]'],
    ['payments', 'customer', 'account/payments', '[data-payment]'],
    ['payment', 'customer', `account/payments/${payment.id}`, '[data-try]'],
    ['coupons', 'customer', 'account/coupons', '[data-coupon]'],
    ['points', 'customer', 'account/points', '[data-event=used]'],
    ['account-courier', 'courier', 'account', '[data-testid=sign-out]'],
    ['applications', 'customer', 'account/applications', '[data-testid=submit-application]'],
    ['identities', 'customer', 'account/identities', '[data-provider]'],
    ['security', 'customer', 'account/security', '[data-testid=change-password]'],
    ['devices', 'customer', 'account/devices', '[data-session]'],
    ['export', 'customer', 'account/export', '[data-testid=copy]'],
    ['withdraw', 'customer', 'account/withdraw', '[data-testid=withdraw]'],
    ['not-found', 'customer', 'orders/x', '[data-testid=not-found]'],
    ['courier', 'courier', '', busy ? '[data-delivery]' : '[data-testid=shift]'],
    ['owner', 'owner', '', busy ? '[data-order]' : '[data-connection=online]'],
    ['owner-orders', 'owner', 'orders', '[data-state=empty], [data-order]'],
    ['owner-menu', 'owner', 'menu', '[data-group]'],
    ['owner-sold-out', 'owner', 'sold-out', '[data-thing]'],
    ['owner-shops', 'owner', 'shops', '[data-shop]'],
    ['owner-shop', 'owner', `shops/${mine[0].id}`, '[data-part=hours]'],
    ['owner-hours', 'owner', `shops/${mine[0].id}/hours`, '[data-day=mon]'],
    ['owner-tip', 'owner', `shops/${mine[0].id}/tip`, '[data-testid=preview]'],
    ['owner-area', 'owner', `shops/${mine[0].id}/area`, '[data-testid=find-dong]'],
    ['owner-staff', 'owner', `shops/${mine[0].id}/staff`, '[data-testid=invite]'],
    ['agent', 'agent', '', busy ? '[data-conversation]' : '[data-testid=presence]'],
    ['operator', 'operator', '', '[data-testid=sockets]'],
    ['operator-couriers', 'operator', 'couriers', '[data-part=on_shift]'],
    ['operator-orders', 'operator', 'orders', '[data-part=placed]'],
    ['operator-order', 'operator', `orders/${(carriedOrder || placed).id}`, '[data-order-card]'],
    ['operator-payments', 'operator', 'payments', '[data-payment]'],
    ['operator-payments-of', 'operator', `payments/order/${placed.id}`, '[data-payment]'],
    ['operator-payment', 'operator', `payments/${payment.id}`, '[data-testid=customer]'],
    ['operator-decisions', 'operator', 'decisions', '[data-decision], [data-refund], [data-state=empty]'],
    ['operator-ledger', 'operator', 'ledger', '[data-testid=discrepancies]'],
    ['operator-ledger-of', 'operator', `ledger/order/${cancelled.id}`, '[data-entry]'],
    ['operator-coupons', 'operator', 'coupons', '[data-campaign]'],
    ['operator-coupon-new', 'operator', 'coupons/new', '[data-testid=start-campaign]'],
    ['operator-coupon', 'operator', `coupons/${coupons.id}`, '[data-testid=issued]'],
    ['operator-points', 'operator', 'points', '[data-grant]'],
    ['operator-points-new', 'operator', `points/new/${guest.tokens.user_id}`, '[data-testid=give-points]'],
    ['operator-people', 'operator', 'people', '[data-testid=find]'],
    ['operator-person', 'operator', `people/${guest.tokens.user_id}`, '[data-status=open]'],
    ['operator-audit', 'operator', 'people/audit', '[data-audit]'],
    ['operator-access-log', 'operator', 'people/access-log', '[data-look], [data-state=empty]'],
    ['operator-applications', 'operator', 'applications', 'select[name=status]'],
    ['operator-holidays', 'operator', 'holidays', '[data-holiday]'],
    ['operator-search', 'operator', 'search', '[data-testid=find]'],
    ['operator-system', 'operator', 'system', '[data-kind]'],
  ].map(([name, app, path, ready]) => ({ name, app, path, ready }))
  /** Leaves the demo city as it was: nobody on shift, nobody at the desk. */
  const leave = async () => {
    if (!busy) return
    for (const step of ['picked_up', 'at_dropoff', 'delivered']) {
      await post(staff.courier, `/v1/deliveries/${carriedOrder.id}/steps`, { step })
    }
    await put(staff.courier, '/v1/couriers/me/shift', { on: false })
    await put(staff.agent, '/v1/agents/me/presence', { online: false, capacity: 5 })
  }
  return { pages, guest, placed, restaurant, leave }
}

/** What a visitor without a session sees, by app. */
export const SIGN_IN = [
  ...['customer', 'owner', 'operator'].map((app) => ({
    name: `sign-in-${app}`,
    app,
    path: '',
    ready: '[data-testid=sign-in]',
  })),
  { name: 'forgot', app: 'customer', path: 'forgot', ready: '[data-testid=send-code]' },
].map((page) => ({ ...page, signedIn: false }))

/** What a guest sees, with a place and a cart in `context`. */
export async function guestPages(context) {
  const place = await guestPlace()
  const { restaurant, cart } = await guestCart(place.position)
  await keepGuest(context, { cart, place })
  return [
    ['guest-restaurants', '', '[data-restaurant]'],
    ['guest-restaurant', `restaurants/${restaurant.id}`, '[data-menu]'],
    ['guest-cart', 'cart', '[data-testid=payable]'],
    ['guest-sign-in', 'cart?sign-in', '[data-testid=sign-in]'],
  ].map(([name, path, ready]) => ({ name, app: 'customer', path, ready, signedIn: false }))
}

/** What a guest sees who has chosen nothing yet: a link to a cart lets them in. */
export const EMPTY_GUEST = [
  ['guest-cart-empty', 'cart', '[data-state=empty]'],
  ['guest-no-place', '', '[data-testid=find]'],
].map(([name, path, ready]) => ({ name, app: 'customer', path, ready, signedIn: false }))

/**
 * The payment company's window: a means of payment is saved in it, or an order is paid once. The page goes to the
 * window and comes back to the app's start page, with what the window says in the query of its address.
 *
 * The address is cleaned at once, and what came stays in this tab until the server has taken it: a reload sends
 * the same again, which counts once.
 */

import type { Account } from './account.svelte'
import type { MethodRegistration, PaymentWindow } from './api/types'
import { keepDraft, readDraft } from './drafts'
import { Problem } from './problem'
import { pathOf, route } from './router.svelte'

/** What is saved in the window. */
export type Kind = 'CARD' | 'TRANSFER'

/** The page that saves what was agreed to. */
export const RETURN = '#/account/payment-methods/return'
/** All that are saved. */
export const METHODS = '#/account/payment-methods'

const KEY = 'payment-window'
/** The parameter by which the app knows that its address comes from the window. */
const MARK = 'payment_window'
/** The parameter that names the order that was to be paid there. */
const ORDER = 'order'

/** The longest name of an order that the window takes. */
const ORDER_NAME_MOST = 100

/** The window was closed, and nothing is wrong. */
const CANCELLED = ['PAY_PROCESS_CANCELED', 'USER_CANCEL']

/** What the window was opened for: to save a means of payment, or to pay an order. */
export type Purpose =
  | {
      to: 'save'
      kind: Kind
      /** The page to go back to: a hash of ours. */
      back: string
    }
  | { to: 'pay'; orderId: string }

export type Visit = Purpose & {
  /** The server's name of it: a registration's, or a payment request's. */
  id: string
  /** What the window said; `null` while nobody came back. */
  said: Said | null
}

/** What was agreed to: the key that the server takes it with, and what is to be paid (0 where it is saved). */
export interface Agreed {
  key: string
  amountWon: number
}

/** What was agreed to, or why nothing was. */
export type Said = Agreed | { code: string; message: string }

interface Addresses {
  successUrl: string
  failUrl: string
  /** On a wide screen the window is a frame by default, which our policy refuses. */
  windowTarget: 'self'
}

/** The part of the company's script that is used here. */
interface PaymentSdk {
  requestBillingAuth: (asked: Addresses & { method: Kind }) => Promise<unknown>
  requestPayment: (
    asked: Addresses & {
      method: 'CARD'
      amount: { currency: 'KRW'; value: number }
      orderId: string
      orderName: string
    },
  ) => Promise<unknown>
}

type OpenSdk = (clientKey: string) => { payment: (of: { customerKey: string }) => PaymentSdk }

declare global {
  interface Window {
    TossPayments?: OpenSdk
  }
}

/** Goes to the window to save a means of payment. Resolves only where somebody comes back by the browser's own button. */
export async function openToSave(account: Account, kind: Kind, back: string): Promise<void> {
  const granted = await account.rest.post<MethodRegistration>('/v1/payment-methods/registrations')
  await leave(granted, { to: 'save', kind, back }, (sdk, addresses) => sdk.requestBillingAuth({ method: kind, ...addresses }))
}

/** Goes to the window to pay an order once, by a name that the customer knows it by. Resolves as `openToSave` does. */
export async function openToPay(account: Account, orderId: string, name: string): Promise<void> {
  const granted = await account.rest.post<PaymentWindow>(`/v1/orders/${orderId}/payment-requests`)
  await leave(granted, { to: 'pay', orderId }, (sdk, addresses) =>
    sdk.requestPayment({
      method: 'CARD',
      amount: { currency: 'KRW', value: granted.amount_won },
      orderId: granted.id,
      orderName: name.slice(0, ORDER_NAME_MOST),
      ...addresses,
    }),
  )
}

async function leave(
  granted: MethodRegistration | PaymentWindow,
  purpose: Purpose,
  open: (sdk: PaymentSdk, addresses: Addresses) => Promise<unknown>,
): Promise<void> {
  const sdk = await loadSdk(granted.script_url)
  keepVisit({ ...purpose, id: granted.id, said: null })
  const mark = new URLSearchParams({ [MARK]: granted.id, ...(purpose.to === 'pay' ? { [ORDER]: purpose.orderId } : {}) })
  const here = `${location.origin}${location.pathname}?${mark}`
  const left = new Promise((resolve) => addEventListener('pageshow', resolve, { once: true }))
  const opened = open(sdk(granted.client_key).payment({ customerKey: granted.customer_key }), {
    successUrl: here,
    failUrl: here,
    windowTarget: 'self',
  })
  await opened.catch((thrown: unknown) => {
    throw isCancelled(thrown) ? cancelled() : notOpened()
  })
  await left
}

function isCancelled(thrown: unknown): boolean {
  return CANCELLED.includes(String((thrown as { code?: unknown } | null)?.code))
}

const notOpened = () => new Problem({ type: 'client.payment_window' })
const cancelled = () => new Problem({ type: 'client.payment_window_closed' })

/** The scripts that were asked for, by their addresses. */
const scripts = new Map<string, Promise<OpenSdk>>()

/** One that could not be had is asked for again the next time. */
function loadSdk(url: string): Promise<OpenSdk> {
  const asked = scripts.get(url)
  if (asked) return asked
  const loading = new Promise<OpenSdk>((resolve, reject) => {
    const script = document.createElement('script')
    script.src = url
    script.onload = () => (window.TossPayments ? resolve(window.TossPayments) : reject(notOpened()))
    script.onerror = () => reject(notOpened())
    document.head.append(script)
  })
  scripts.set(url, loading)
  loading.catch(() => scripts.delete(url))
  return loading
}

/**
 * Takes what the window put into the address and leads to the page that goes on with it. It must run
 * before the app is drawn.
 */
export function takeReturn(): void {
  const brought = new URLSearchParams(location.search)
  const id = brought.get(MARK)
  if (!id) return
  const visit = takenIn(keptVisit(), id, brought)
  if (visit) keepVisit(visit)
  const page = returnPage(brought)
  history.replaceState(history.state, '', `${location.pathname}${page}`)
  route.path = pathOf(page)
}

/** The page that goes on with what the window said: also in a tab that knows of no visit, the order is named. */
export function returnPage(brought: URLSearchParams): string {
  const order = brought.get(ORDER)
  return order ? `${orderPage(encodeURIComponent(order))}/payment` : RETURN
}

export const orderPage = (id: string) => `#/orders/${id}`

/** The visit with what the window said; `null` where this tab began no such visit. */
export function takenIn(visit: Visit | null, id: string, brought: URLSearchParams): Visit | null {
  if (visit?.id !== id) return null
  const key = brought.get(visit.to === 'pay' ? 'paymentKey' : 'authKey')
  const said = key
    ? { key, amountWon: Number(brought.get('amount')) }
    : { code: brought.get('code') ?? '', message: brought.get('message') ?? '' }
  return { ...visit, said }
}

/** Whether the customer went back without agreeing. */
export function wasClosed(said: Said): boolean {
  return 'code' in said && CANCELLED.includes(said.code)
}

export const keptVisit = (): Visit | null => readDraft<Visit | null>(KEY, null)

export function keepVisit(visit: Visit | null): void {
  keepDraft(KEY, visit)
}

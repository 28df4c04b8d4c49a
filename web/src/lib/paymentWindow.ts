/**
 * Saving a means of payment: the page goes to the payment company's window and comes back to the app's
 * start page, with what the window says in the query of its address.
 *
 * The address is cleaned at once, and what came stays in this tab until it is saved: a reload saves the
 * same again, which the server does once.
 */

import type { Account } from './account.svelte'
import type { MethodRegistration } from './api/types'
import { keepDraft, readDraft } from './drafts'
import { Problem } from './problem'
import { pathOf, route } from './router.svelte'

/** What the window is opened for. */
export type Kind = 'CARD' | 'TRANSFER'

/** The page that saves what was agreed to. */
export const RETURN = '#/account/payment-methods/return'
/** All that are saved. */
export const METHODS = '#/account/payment-methods'

const KEY = 'payment-window'
/** The parameter by which the app knows that its address comes from the window. */
const MARK = 'payment_window'

/** The window was closed, and nothing is wrong. */
const CANCELLED = ['PAY_PROCESS_CANCELED', 'USER_CANCEL']

export interface Visit {
  registration: string
  kind: Kind
  /** The page to go back to: a hash of ours. */
  back: string
  /** What the window said; `null` while nobody came back. */
  said: Said | null
}

/** The key that saves it, or why there is none. */
export type Said = { authKey: string } | { code: string; message: string }

/** The part of the company's script that is used here. */
type OpenSdk = (clientKey: string) => {
  payment: (of: { customerKey: string }) => {
    requestBillingAuth: (asked: {
      method: Kind
      successUrl: string
      failUrl: string
      /** On a wide screen the window is a frame by default, which our policy refuses. */
      windowTarget: 'self'
    }) => Promise<unknown>
  }
}

declare global {
  interface Window {
    TossPayments?: OpenSdk
  }
}

/** Goes to the window. Resolves only where somebody comes back by the browser's own button. */
export async function openWindow(account: Account, kind: Kind, back: string): Promise<void> {
  const registration = await account.rest.post<MethodRegistration>('/v1/payment-methods/registrations')
  const sdk = await loadSdk(registration.script_url)
  keepVisit({ registration: registration.id, kind, back, said: null })
  const here = `${location.origin}${location.pathname}?${MARK}=${registration.id}`
  const left = new Promise((resolve) => addEventListener('pageshow', resolve, { once: true }))
  const opened = sdk(registration.client_key)
    .payment({ customerKey: registration.customer_key })
    .requestBillingAuth({ method: kind, successUrl: here, failUrl: here, windowTarget: 'self' })
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
 * Takes what the window put into the address and leads to the page that saves it. It must run before
 * the app is drawn.
 */
export function takeReturn(): void {
  const brought = new URLSearchParams(location.search)
  const registration = brought.get(MARK)
  if (!registration) return
  const visit = takenIn(keptVisit(), registration, brought)
  if (visit) keepVisit(visit)
  history.replaceState(history.state, '', `${location.pathname}${RETURN}`)
  route.path = pathOf(RETURN)
}

/** The visit with what the window said; `null` where this tab began no such visit. */
export function takenIn(visit: Visit | null, registration: string, brought: URLSearchParams): Visit | null {
  if (visit?.registration !== registration) return null
  const authKey = brought.get('authKey')
  const said = authKey ? { authKey } : { code: brought.get('code') ?? '', message: brought.get('message') ?? '' }
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

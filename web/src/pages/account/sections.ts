/** The parts of the account area. Each line is a page of it, in every app or in some. */

import type { AppName } from '../../../build/apps'
import { couponWords } from '../../lib/i18n/coupons'
import { w } from '../../lib/i18n/index.svelte'
import { methodWords } from '../../lib/i18n/methods'
import { pointsWords } from '../../lib/i18n/points'
import type { RouteTo } from '../../lib/router.svelte'
import Applications from './Applications.svelte'
import Consents from './Consents.svelte'
import Devices from './Devices.svelte'
import Export from './Export.svelte'
import Identities from './Identities.svelte'
import NotificationSettings from './NotificationSettings.svelte'
import Profile from './Profile.svelte'
import Security from './Security.svelte'
import Withdraw from './Withdraw.svelte'

export interface Section {
  /** Below `account/`; one that begins with `/` is a page elsewhere. */
  path: string
  title: () => string
  text: () => string
  page?: RouteTo['page']
  /** The apps that have it; left out, all of them. */
  apps?: AppName[]
}

export const SECTIONS: Section[] = [
  { path: 'profile', title: () => w().account.profile, text: () => w().account.profileText, page: Profile },
  { path: 'security', title: () => w().security.title, text: () => w().security.text, page: Security },
  { path: 'devices', title: () => w().devices.title, text: () => w().devices.text, page: Devices },
  { path: '/addresses', title: () => w().address.title, text: () => w().account.addressesText, apps: ['customer'] },
  { path: '/account/payments', title: () => w().payment.title, text: () => w().payment.text, apps: ['customer'] },
  { path: '/account/payment-methods', title: () => methodWords().title, text: () => methodWords().text, apps: ['customer'] },
  { path: '/account/coupons', title: () => couponWords().title, text: () => couponWords().text, apps: ['customer'] },
  { path: '/account/points', title: () => pointsWords().title, text: () => pointsWords().text, apps: ['customer'] },
  { path: 'applications', title: () => w().application.title, text: () => w().application.text, page: Applications, apps: ['customer', 'owner'] },
  { path: 'identities', title: () => w().social.title, text: () => w().social.text, page: Identities },
  { path: 'consents', title: () => w().consent.manage, text: () => w().account.consentsText, page: Consents },
  { path: 'notifications', title: () => w().notification.title, text: () => w().account.notificationsText, page: NotificationSettings },
  { path: 'export', title: () => w().privacy.copy.title, text: () => w().privacy.copy.text, page: Export },
  { path: 'withdraw', title: () => w().privacy.withdraw.title, text: () => w().privacy.withdraw.text, page: Withdraw },
]

export function sectionsOf(app: AppName): Section[] {
  return SECTIONS.filter((section) => section.apps?.includes(app) ?? true)
}

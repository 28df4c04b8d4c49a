/**
 * The shapes of the REST interface that the pages use.
 *
 * Money is integer won, times are RFC 3339 in UTC, coordinates are WGS84.
 */

import type { components } from './schema'

type Schemas = components['schemas']

export type LatLon = Schemas['Position']
export type Role = 'customer' | 'courier' | 'owner' | 'agent' | 'admin' | 'service'
export type Tokens = Omit<Schemas['Tokens'], 'roles'> & { roles: Role[] }
export type Provider = Schemas['Provider']
/** One of somebody's identities at the companies that they sign in by. */
export type Identity = Schemas['Identity']
export type BegunSocial = Schemas['BegunSocial']
export type CompletedSocial = Schemas['CompletedSocial']
export type CodeSent = Schemas['CodeSent']
export type Address = Schemas['Address']
export type AddressInput = Schemas['NewAddress']
export type Place = Schemas['Place']
export type FoundAddress = Schemas['FoundAddress']
export type AddressKind = Schemas['AddressKind']
export type NotificationSettings = Schemas['NotificationSettings']
export type NotificationCategory = Schemas['NotificationCategory']
export type NotificationChannel = Schemas['NotificationChannel']
export type User = Schemas['User']
export type Photo = Schemas['Photo']
export type ConsentPurpose = Schemas['ConsentPurpose']
export type ConsentDocument = Schemas['ConsentDocument']
export type Consent = Schemas['Consent']
export type Consents = Schemas['Consents']
/** The version of each document that somebody who signs up agrees to. */
export type SignUpConsents = Partial<Record<ConsentPurpose, number>>
export type Copy = Schemas['Copy']
export type CopyLink = Schemas['CopyLink']
export type Restaurant = Schemas['Restaurant']
export type Category = Schemas['Category']
export type Shop = Schemas['Shop']
/** A shop in the list of one's own. */
export type MyShop = Schemas['MyShop']
export type RestaurantRules = Schemas['RestaurantRules']
export type OpeningHours = Schemas['OpeningHours']
export type Closing = Schemas['Closing']
export type SpecialDay = Schemas['SpecialDay']
export type Weekday = Schemas['Weekday']
export type WeekSpan = Schemas['WeekSpan']
export type DayRange = Schemas['DayRange']
export type Preview = Schemas['Preview']
export type Application = Schemas['Application']
export type ApplicationStatus = Schemas['ApplicationStatus']
export type Registration = Schemas['Registration']
export type Bank = Schemas['Bank']
export type StaffRole = Schemas['StaffRole']
export type RestaurantPeople = Schemas['RestaurantPeople']
export type InvitationToMe = Schemas['InvitationToMe']
export type Holiday = Schemas['Holiday']
export type Suggestion = Schemas['Suggestion']
export type MenuBoard = Schemas['Card']
export type Storefront = Schemas['Storefront']
export type MenuKind = Schemas['MenuKind']
export type Allergen = Schemas['Allergen']
export type Menu = Schemas['Menu']
export type MenuGroup = Schemas['MenuGroup']
export type OptionGroup = Schemas['OptionGroup']
export type MenuOption = Schemas['MenuOption']
export type Cart = Schemas['Cart']
export type OrderSlot = Schemas['OrderSlot']
export type CartProblem = Schemas['CartProblem']
export type Quote = Schemas['Quote']
/** What a cart costs, a guest's too; of a guest's, the lines are named as their browser does. */
export type CartPrice = Schemas['CartPrice']
/** A dish in a guest's cart, as the server takes it. */
export type GuestCartLine = Schemas['GuestCartLine']
export type GuestQuoteRequest = Schemas['GuestQuoteRequest']
export type CartMerge = Schemas['CartMerge']
/** The cart with what could be had of a guest's; the pointers of `left_out` name the guest's lines. */
export type CartMerged = Schemas['CartMerged']
export type CouponKind = Schemas['CouponKind']
export type CouponOffer = Schemas['CouponOffer']
/** A coupon of one's own. */
export type Coupon = Omit<Schemas['Coupon'], 'state'> & { state: CouponState }
export type CouponState = 'claimed' | 'reserved' | 'redeemed' | 'over'
export type OfferedCoupon = Schemas['OfferedCoupon']
/** What one of one's coupons would take off the cart. */
export type CouponPreview = Schemas['CouponPreview']
export type CouponInapplicable = Schemas['CouponInapplicable']
export type Campaign = Schemas['Campaign']
export type CampaignTerms = Schemas['CampaignTerms']
export type Points = Schemas['Points']
export type PointsEvent = Schemas['PointsEvent']
export type PointsReason = Schemas['PointsReason']
export type NewPointsGrant = Schemas['NewPointsGrant']
/** Points that an operator gave. */
export type PointsGrant = Schemas['PointsGrant']
export type OrderDiscount = Schemas['OrderDiscount']
export type PaymentMethod = Schemas['PaymentMethod']
export type MethodRegistration = Schemas['MethodRegistration']
/** What a page needs to open the window in which an order is paid. */
export type PaymentWindow = Schemas['PaymentWindow']
export type RejectReason = Schemas['RejectReason']
/** A step of an order or its delivery; `channel` and `version` name it as its channel does. */
export type HistoryItem = Schemas['OrderEvent']
export type Topic = Schemas['Topic']
export type Conversation = Schemas['Conversation']
export type Message = Schemas['Message']
export type Desk = Schemas['Desk']
export type DeliveryStatus = Schemas['DeliveryStatus']
export type Delivery = Schemas['Delivery']
/** What its courier is told of a delivery's food. */
export type Handover = Schemas['Handover']
export type Vehicle = Schemas['Vehicle']
export type Eta = Schemas['Eta']
/** A courier's position, as a snapshot or a `latest` frame brings it. */
export type Position = Omit<Schemas['CourierPosition'], 'at'> & { at?: string }
export type Courier = Schemas['Courier']
export type Offer = Schemas['Offer']
/** How a process is. */
export type System = Schemas['System']
export type Trouble = Schemas['Trouble']
/** The last hour of one process: an element for each minute, `null` where there is none. */
export type History = Schemas['SystemHistory']
/** Something that was found by one line of text. */
export type Hit = Schemas['SystemHit']
/** A courier in a list of operators. */
export type CourierLine = Omit<Schemas['SystemCourierLine'], 'vehicle'> & { vehicle: Vehicle }
/** A courier as operators see them. */
export type CourierView = Omit<Schemas['SystemCourier'], 'vehicle' | 'assignments'> & {
  vehicle: Vehicle
  assignments: (Omit<Schemas['SystemAssignment'], 'status'> & { status: DeliveryStatus })[]
}
/** A person as admins see them, masked. */
export type MaskedPerson = Omit<Schemas['MaskedPerson'], 'roles'> & { roles: Role[] }
/** A person whom a search found. */
export type PersonHit = Omit<Schemas['PersonHit'], 'person'> & { person: MaskedPerson }
/** What is masked of a person. */
export type UnmaskedPerson = Schemas['UnmaskedPerson']
/** Roles and status of somebody. */
export type Account = Omit<Schemas['Account'], 'roles'> & { roles: Role[] }
/** A device that is signed in. */
export type DeviceSession = Schemas['Session']
/** Something that happened to an account. */
export type AuditLine = Omit<Schemas['AuditLine'], 'role'> & { role?: Role | null }
/** What somebody of the staff looked at. */
export type Look = 'search' | 'person' | 'sessions' | 'audit' | 'access_log' | 'unmasked' | 'order_unmasked'
/** A look of staff at personal data. */
export type Access = Omit<Schemas['Access'], 'look'> & { look: Look }
/** How the city is. */
export type CityCounts = Schemas['City']
/** What a courier reports while delivering. */
export type Step = Schemas['Step']
/** Why a courier could not hand it over. */
export type FailReason = Schemas['FailReason']
/** How an order ended early; `endings` in `words.ts` says its code. */
export type Ending = Schemas['Ending']
/** The wait at the door. */
export type Contact = Schemas['Contact']
export type ContactWay = Schemas['ContactWay']
/** The cart with what could be had of an earlier order. */
export type Reordered = Schemas['Reordered']
export type Order = Omit<Schemas['Order'], 'status'> & { status: OrderStatus }
export type OrderLine = Schemas['OrderLine']
export type OrderRefund = Schemas['OrderRefund']
export type LineCancellationRequest = Schemas['LineCancellationRequest']
/** So many of a line of an order. */
export type LinePart = Schemas['LinePart']
/** Why something is given back of an order that has arrived. */
export type AdjustmentReason = Schemas['AdjustmentReason']
/** Whose fault it was. */
export type FaultName = Schemas['FaultName']
export type NewAdjustment = Schemas['NewAdjustment']
export type Adjustment = Schemas['Adjustment']
export type AdjustmentBurden = Schemas['AdjustmentBurden']
export type AdjustmentEffect = Schemas['AdjustmentEffect']
/** What was given back of an order, and what is left. */
export type Adjustments = Schemas['Adjustments']
export type OrderRemainder = Schemas['OrderRemainder']

export type PaymentStatus = 'in_progress' | 'done' | 'aborted' | 'unknown' | 'partially_cancelled' | 'cancelled'
export type RefundStatus = 'requested' | 'succeeded' | 'failed'
export type RefundReason = 'order_ended' | 'lines_cancelled' | 'adjusted' | 'amount_differs' | 'late_approval'
/** One try to pay an order. */
export type Payment = Omit<Schemas['Payment'], 'status'> & { status: PaymentStatus }
export type PaymentSummary = Omit<Schemas['PaymentSummary'], 'status'> & { status: PaymentStatus }
/** Money that goes back. */
export type Refund = Omit<Schemas['Refund'], 'status' | 'reason'> & { status: RefundStatus; reason: RefundReason }
export type DatedRefund = Refund & Pick<Schemas['DatedRefund'], 'updated_at'>
/** A payment, with the tries, the tenders and the refunds of its order. */
export type PaymentDetail = PaymentSummary &
  Pick<Schemas['PaymentDetail'], 'supply_won' | 'vat_won' | 'tenders'> & { tries: Payment[]; refunds: DatedRefund[] }
/** Payments and refunds that wait for somebody who decides. */
export interface UndecidedMoney {
  payments: Payment[]
  refunds: Refund[]
}
export type LedgerAccount = 'gateway' | 'deposits' | 'refunds' | 'restaurant' | 'courier' | 'commission' | 'vat' | 'amends' | 'coupons' | 'points' | 'rewards'
export type LedgerKind =
  | 'payment_taken'
  | 'refund_owed'
  | 'refund_paid'
  | 'order_shared'
  | 'order_adjusted'
  | 'points_earned'
  | 'points_given'
  | 'points_used'
  | 'points_returned'
  | 'points_expired'
export type LedgerPosting = Omit<Schemas['LedgerPosting'], 'account'> & { account: LedgerAccount }
export type LedgerEntry = Omit<Schemas['LedgerEntry'], 'kind' | 'postings'> & { kind: LedgerKind; postings: LedgerPosting[] }
export type LedgerTurnover = Omit<Schemas['LedgerTurnover'], 'account'> & { account: LedgerAccount }
export type LedgerDiscrepancy = Omit<Schemas['LedgerDiscrepancy'], 'what' | 'entry'> & {
  what: 'missing' | 'unexplained' | 'differs' | 'deposit_left'
  entry?: LedgerKind | null
}
export type LedgerDay = Omit<Schemas['LedgerDay'], 'accounts' | 'discrepancies'> & {
  accounts: LedgerTurnover[]
  discrepancies: LedgerDiscrepancy[]
}

export interface Page<T> {
  items: T[]
  next_cursor?: string | null
}

export type OrderStatus =
  | 'pending_payment'
  | 'scheduled'
  | 'placed'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'picked_up'
  | 'delivered'
  | 'completed'
  | 'rejected'
  | 'cancelled'
  | 'expired'
  | 'payment_failed'
  | 'delivery_failed'

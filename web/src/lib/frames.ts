/**
 * The frames of `baedal.v1.json`, as `realtime/PROTOCOL.md` describes them.
 *
 * One closed union per direction, tagged by `op`.
 */

import type { Eta, Position, Step } from './api/types'

/** Where a channel's reader stands: everything up to `offset` of `epoch` is known. */
export interface Since {
  epoch: string
  offset: number
  /** Time of the newest value shown; older values are not shown after it. */
  latest_at?: string
}

/** One measured position of a courier, as the phone keeps it until it is acknowledged. */
export interface Fix {
  /** Rises by one within a track; with the track it makes a repeated send harmless. */
  seq: number
  at: string
  lat: number
  lon: number
  accuracy_m?: number
  speed_mps?: number
  heading_deg?: number
}

export type ClientFrame = { ref?: string } & (
  | { op: 'auth'; token: string }
  | { op: 'subscribe'; channel: string; since?: Since }
  | { op: 'unsubscribe'; channel: string }
  | { op: 'fixes'; track: number; fixes: Fix[] }
  | { op: 'shift'; on: boolean }
  | { op: 'offer_answer'; offer_id: string; accept: boolean }
  | { op: 'delivery_step'; order_id: string; step: Step }
  | {
      op: 'chat_send'
      conversation_id: string
      client_message_id: string
      text: string
      private_note?: boolean
    }
  | { op: 'chat_read'; conversation_id: string; seq: number }
  | { op: 'chat_typing'; conversation_id: string; typing: boolean }
  | { op: 'presence'; online: boolean; capacity?: number }
  | { op: 'ping' }
)

/** A problem document, the same as REST answers (RFC 9457). */
export interface ProblemBody {
  type: string
  title?: string
  status?: number
  detail?: string
  retry_after_secs?: number
  params?: Record<string, unknown>
  errors?: { pointer?: string; code?: string; detail?: string }[]
}

export interface SnapshotFrame {
  op: 'snapshot'
  channel: string
  epoch: string
  offset: number
  recovered: boolean
  data: unknown
}

export interface EventFrame {
  op: 'event'
  channel: string
  /** Absent, like `offset`, on ephemeral events: they are never replayed. */
  epoch?: string
  offset?: number
  type: string
  at: string
  data: Record<string, unknown>
  expires_at?: string
}

/** A courier as a map's channel shows them. */
export interface MapCourier {
  courier_id: string
  lat: number
  lon: number
  /** Degrees clockwise from north; absent until they have moved. */
  heading_deg?: number
  at: string
  on_delivery: boolean
}

export interface LatestFrame {
  op: 'latest'
  channel: string
  at: string
  position?: Position | null
  eta?: Eta | null
  /** Of a map's channel alone: everybody in the cell, and how many that are. */
  couriers?: MapCourier[]
  total?: number
}

export interface AckFrame {
  op: 'ack'
  track: number
  seq: number
  rejected?: Record<string, number>
}

export type ServerFrame =
  | {
      op: 'ready'
      user_id: string
      session_id: string
      roles: string[]
      heartbeat_secs: number
      server_time: string
    }
  | { op: 'reply'; ref?: string; ok?: unknown; problem?: ProblemBody }
  | SnapshotFrame
  | EventFrame
  | LatestFrame
  | AckFrame
  | { op: 'reauth'; expires_at: string }
  | { op: 'ended'; channel: string; reason: string }
  | { op: 'goodbye'; reason: string; reconnect_after_ms: number }
  | { op: 'pong' }

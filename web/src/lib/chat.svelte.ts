/**
 * One conversation as a page holds it.
 *
 * A message is shown the moment it is written, with an id that this side chose.
 * It is sent until the server has it; the id makes a second send harmless, and is
 * how the stored message takes the place of the waiting one. What waits is kept in this tab over
 * a reload.
 */

import type { Conversation, Message } from './api/types'
import { keepDraft, readDraft } from './drafts'
import type { EventFrame } from './frames'
import { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'
import { uuid } from './uuid'

/** While somebody types, a typing frame is sent at most this often. */
const TYPING_EVERY_MS = 3_000
/** A typing mark without a successor goes out after this. */
const TYPING_ENDS_MS = 6_000

export type Side = 'customer' | 'agent'

export interface Draft {
  client_message_id: string
  text: string
  private_note: boolean
  failed: boolean
}

export class Chat {
  conversation = $state<Conversation | null>(null)
  messages = $state<Message[]>([])
  drafts = $state<Draft[]>([])
  peerTyping = $state(false)
  /** The last seq that each side has read. */
  read = $state<Record<Side, number>>({ customer: 0, agent: 0 })
  problem = $state<Problem | null>(null)
  /** This side has it no longer: another agent took it. */
  ended = $state(false)
  /**
   * After which message some may be missing, until they have been asked for: what is heard
   * meanwhile is newer, and says nothing about them. `null` while all are known.
   */
  #gapAfter: number | null = 0
  /** The last seq before somebody's eyes. */
  #seen = 0
  #typingSentAt = 0
  #typingTimer: ReturnType<typeof setTimeout> | undefined
  #leave: (() => void)[] = []

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
    readonly side: Side,
  ) {}

  get lastSeq(): number {
    return this.messages.at(-1)?.seq ?? 0
  }

  get unread(): number {
    const seen = this.read[this.side]
    return this.messages.filter((message) => message.seq > seen && message.author_role !== this.side).length
  }

  /** Follows a conversation that exists. */
  open(conversation: Conversation): void {
    this.close()
    this.#take(conversation)
    this.ended = false
    this.drafts = readDraft<Draft[]>(`unsent.${conversation.id}`, [])
    this.#leave = [
      this.realtime.subscribe(`chat:${conversation.id}`, {
        snapshot: () => {
          this.#gapAfter ??= this.lastSeq
          void this.#reload(conversation.id)
        },
        resumed: () => {
          if (this.#gapAfter !== null) void this.#reload(conversation.id)
        },
        event: (event) => this.#hear(event),
        ended: () => (this.ended = true),
        refused: (problem) => (this.problem = problem),
      }),
      this.realtime.watch((state) => {
        if (state !== 'online') return
        for (const draft of this.drafts) if (!draft.failed) void this.#deliver(draft)
        this.#mark()
      }),
    ]
  }

  close(): void {
    for (const leave of this.#leave) leave()
    this.#leave = []
    clearTimeout(this.#typingTimer)
  }

  /** Asks for help: the first message makes the conversation. */
  async begin(text: string, orderId: string | null): Promise<void> {
    const body = {
      topic: orderId ? 'order' : 'other',
      text,
      client_message_id: uuid(),
      ...(orderId ? { order_id: orderId } : {}),
    }
    this.open(await this.rest.post<Conversation>('/v1/conversations', body))
  }

  send(text: string, privateNote = false): void {
    const draft: Draft = { client_message_id: uuid(), text, private_note: privateNote, failed: false }
    this.drafts.push(draft)
    this.#keep()
    this.#typingSentAt = 0
    void this.#deliver(draft)
  }

  again(draft: Draft): void {
    this.#fail(draft, false)
    void this.#deliver(draft)
  }

  /** Somebody at this side has this message before their eyes. */
  seen(seq: number): void {
    this.#seen = Math.max(this.#seen, seq)
    this.#mark()
  }

  /** Tells how far was read; without a connection the next one does. */
  #mark(): void {
    const id = this.conversation?.id
    if (!id || this.#seen <= this.read[this.side]) return
    if (this.realtime.send({ op: 'chat_read', conversation_id: id, seq: this.#seen })) this.read[this.side] = this.#seen
  }

  typing(typing: boolean): void {
    const id = this.conversation?.id
    const now = Date.now()
    if (!id || (typing && now - this.#typingSentAt < TYPING_EVERY_MS)) return
    if (!typing && this.#typingSentAt === 0) return
    this.#typingSentAt = typing ? now : 0
    this.realtime.send({ op: 'chat_typing', conversation_id: id, typing })
  }

  async #deliver(draft: Draft): Promise<void> {
    const id = this.conversation?.id
    if (!id) return
    try {
      await this.realtime.request({
        op: 'chat_send',
        conversation_id: id,
        client_message_id: draft.client_message_id,
        text: draft.text,
        ...(draft.private_note ? { private_note: true } : {}),
      })
    } catch (thrown) {
      // Without a connection the draft waits; the next connection sends it.
      if (Problem.from(thrown).type !== 'client.unreachable') this.#fail(draft, true)
    }
  }

  #fail(draft: Draft, failed: boolean): void {
    const mine = this.drafts.find((other) => other.client_message_id === draft.client_message_id)
    if (mine) mine.failed = failed
    this.#keep()
  }

  #keep(): void {
    const id = this.conversation?.id
    if (id) keepDraft(`unsent.${id}`, this.drafts.length > 0 ? $state.snapshot(this.drafts) : null)
  }

  async #reload(id: string): Promise<void> {
    let after = this.#gapAfter ?? this.lastSeq
    try {
      this.#take(await this.rest.get<Conversation>(`/v1/conversations/${id}`))
      for (;;) {
        const page = await this.rest.get<{ items: Message[] }>(`/v1/conversations/${id}/messages`, { after, limit: 100 })
        for (const message of page.items) this.#add(message)
        after = page.items.at(-1)?.seq ?? after
        if (page.items.length < 100) break
      }
      this.#gapAfter = null
      this.problem = null
    } catch (thrown) {
      this.problem = Problem.from(thrown)
    }
  }

  #take(conversation: Conversation): void {
    this.conversation = conversation
    this.read.customer = Math.max(this.read.customer, conversation.customer_read_seq)
    this.read.agent = Math.max(this.read.agent, conversation.agent_read_seq)
  }

  #hear(event: EventFrame): void {
    const conversation = this.conversation
    if (!conversation) return
    switch (event.type) {
      case 'chat.message':
        return this.#add((event.data['message'] ?? event.data) as unknown as Message)
      case 'chat.assigned':
        conversation.status = 'open'
        conversation.agent_id = String(event.data['agent_id'])
        return
      case 'chat.resolved':
        conversation.status = 'resolved'
        return
      case 'chat.reopened':
        conversation.status = 'queued'
        return
      case 'chat.read': {
        const by = event.data['by']
        const side: Side = by === 'customer' || by === conversation.customer_id ? 'customer' : 'agent'
        this.read[side] = Math.max(this.read[side], Number(event.data['seq']))
        return
      }
      case 'chat.typing':
        return this.#typing(event)
    }
  }

  #add(message: Message): void {
    const others = this.drafts.filter((draft) => draft.client_message_id !== message.client_message_id)
    if (others.length < this.drafts.length) {
      this.drafts = others
      this.#keep()
    }
    if (this.messages.some((known) => known.seq === message.seq)) return
    this.messages.push(message)
    this.messages.sort((a, b) => a.seq - b.seq)
    if (message.author_role === this.side) {
      this.read[this.side] = Math.max(this.read[this.side], message.seq)
    } else {
      this.peerTyping = false
    }
  }

  #typing(event: EventFrame): void {
    const fromCustomer = event.data['user_id'] === this.conversation?.customer_id
    if (fromCustomer === (this.side === 'customer')) return
    clearTimeout(this.#typingTimer)
    this.peerTyping = event.data['typing'] === true
    if (this.peerTyping) {
      this.#typingTimer = setTimeout(() => (this.peerTyping = false), TYPING_ENDS_MS)
    }
  }
}

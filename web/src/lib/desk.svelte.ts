/**
 * An agent's desk: whether they take conversations, those that they have, and those that ended.
 *
 * Presence is remembered by the page: a socket that comes back says it again.
 */

import { attention } from './attention.svelte'
import type { Conversation, Desk as DeskView, Page } from './api/types'
import { Chat } from './chat.svelte'
import { known, Resource } from './loaded.svelte'
import { Paged } from './paged.svelte'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

export class Desk {
  /** A desk without conversations is one too: there is no state for none. */
  readonly view = new Resource<DeskView>(() => false)
  /** Every assigned conversation is followed, so that its unread count is live; one that ends stays. */
  chats = $state.raw<Chat[]>([])
  readonly finished = new Paged<Conversation>(async (cursor) => {
    const page = await this.rest.get<Page<Conversation>>('/v1/conversations', { status: 'resolved', limit: 20, cursor })
    // An agent's own questions as a customer are among them.
    return { ...page, items: page.items.filter((one) => one.customer_id !== this.me) }
  })
  #leave: (() => void)[] = []

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
    private readonly me: string | null,
  ) {}

  get unread(): number {
    return this.chats.reduce((sum, chat) => sum + chat.unread, 0)
  }

  open(): void {
    this.#leave = [
      this.realtime.subscribe('desk', {
        snapshot: () => void this.load(),
        resumed: () => void this.load(),
        event: () => void this.load(),
        refused: (problem) => this.view.fail(problem),
      }),
      this.realtime.watch((state) => {
        if (state === 'online' && known(this.view.now)?.online) this.realtime.send({ op: 'presence', online: true })
        if (state === 'waiting' || state === 'refused') this.view.lost()
      }),
    ]
    void this.load()
  }

  close(): void {
    for (const leave of this.#leave) leave()
    for (const chat of this.chats) chat.close()
    attention.waiting('chats', 0)
  }

  async load(): Promise<void> {
    await this.view.load(() => this.rest.get<DeskView>('/v1/agents/me/desk'))
    if (this.view.now.state !== 'ready') return
    for (const conversation of this.view.now.value.assigned) this.follow(conversation)
    if (this.realtime.state === 'waiting' || this.realtime.state === 'refused') this.view.lost()
  }

  async retry(): Promise<void> {
    this.realtime.wake()
    await this.load()
  }

  async presence(online: boolean): Promise<void> {
    await this.rest.put('/v1/agents/me/presence', { online })
    this.realtime.send({ op: 'presence', online })
    await this.load()
  }

  async resolve(conversation: Conversation): Promise<void> {
    await this.rest.post(`/v1/conversations/${conversation.id}/resolve`)
    await this.load()
  }

  follow(conversation: Conversation): Chat {
    const known = this.chats.find((one) => one.conversation?.id === conversation.id)
    if (known && !known.ended) return known
    const chat = known ?? new Chat(this.rest, this.realtime, 'agent')
    chat.open(conversation)
    if (!known) this.chats = [...this.chats, chat]
    return chat
  }
}

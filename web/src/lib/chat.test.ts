import { describe, expect, it, vi } from 'vitest'
import type { Conversation, Message } from './api/types'
import { Chat } from './chat.svelte'
import type { ClientFrame, EventFrame } from './frames'
import { Problem } from './problem'
import type { ConnectionState, Listener, Realtime } from './realtime'
import type { Rest } from './rest'

const conversation: Conversation = {
  id: 'c1',
  version: 1,
  status: 'open',
  topic: 'order',
  customer_id: 'u1',
  agent_id: 'a1',
  last_seq: 0,
  customer_read_seq: 0,
  agent_read_seq: 0,
  unread: 0,
  created_at: '2026-01-01T00:00:00Z',
  queued_at: '2026-01-01T00:00:00Z',
}

function message(seq: number, role: 'customer' | 'agent', client = `m${seq}`): Message {
  return {
    seq,
    message_id: `id${seq}`,
    client_message_id: client,
    author_id: role === 'customer' ? 'u1' : 'a1',
    author_role: role,
    text: `text ${seq}`,
    private_note: false,
    at: '2026-01-01T00:00:00Z',
  }
}

/** A conversation whose server is this test. */
function open(rest: Rest = {} as Rest) {
  const sent: ClientFrame[] = []
  const link = { up: true }
  let listener: Listener = {}
  let watcher: (state: ConnectionState) => void = () => undefined
  const realtime = {
    subscribe: (_: string, heard: Listener) => {
      listener = heard
      return () => undefined
    },
    watch: (watch: typeof watcher) => {
      watcher = watch
      return () => undefined
    },
    send: (frame: ClientFrame) => {
      if (link.up) sent.push(frame)
      return link.up
    },
    request: (frame: ClientFrame) => {
      if (!link.up) return Promise.reject(Problem.unreachable())
      sent.push(frame)
      return Promise.resolve({})
    },
  } as unknown as Realtime
  const chat = new Chat(rest, realtime, 'customer')
  chat.open({ ...conversation })
  const hear = (type: string, data: unknown, offset?: number) => {
    const frame = { op: 'event', channel: 'chat:c1', type, at: '', data } as EventFrame
    listener.event?.(offset === undefined ? frame : { ...frame, epoch: 'e', offset })
  }
  return { chat, sent, link, hear, snapshot: () => listener.snapshot?.({}), reconnect: () => watcher('online') }
}

describe('a conversation', () => {
  it('shows a message at once, and once when the server has it', () => {
    const { chat, hear } = open()
    chat.send('안녕하세요')
    const draft = chat.drafts[0]
    expect(draft?.text).toBe('안녕하세요')
    hear('chat.message', message(1, 'customer', draft?.client_message_id), 1)
    expect(chat.drafts).toHaveLength(0)
    expect(chat.messages.map((one) => one.seq)).toEqual([1])
  })

  it('sends what waited under the same id after a reconnect', async () => {
    const { chat, sent, link, reconnect } = open()
    link.up = false
    chat.send('들리나요?')
    await vi.waitFor(() => expect(chat.drafts[0]?.failed).toBe(false))
    expect(sent).toHaveLength(0)
    link.up = true
    reconnect()
    expect(sent).toMatchObject([
      { op: 'chat_send', client_message_id: chat.drafts[0]?.client_message_id, text: '들리나요?' },
    ])
  })

  it('keeps messages in the order of their seq and shows none twice', () => {
    const { chat, hear } = open()
    hear('chat.message', message(2, 'agent'), 2)
    hear('chat.message', message(1, 'customer'), 1)
    hear('chat.message', message(2, 'agent'), 2)
    expect(chat.messages.map((one) => one.seq)).toEqual([1, 2])
  })

  it('asks for all that came before what it hears while it is asking', async () => {
    const answers: (() => void)[] = []
    const stored = [1, 2, 3].map((seq) => message(seq, 'agent'))
    const get = (path: string, query?: { after: number }) =>
      new Promise((resolve) => {
        const items = stored.filter((one) => one.seq > (query?.after ?? 0))
        answers.push(() => resolve(path.endsWith('/messages') ? { items } : { ...conversation }))
      })
    const { chat, hear, snapshot } = open({ get } as unknown as Rest)
    const answer = () => vi.waitFor(() => expect(answers.pop()?.()).toBeUndefined(), { interval: 1 })
    snapshot()
    hear('chat.message', stored[2], 3)
    await answer()
    await vi.waitFor(() => expect(answers).toHaveLength(1))
    await answer()
    await vi.waitFor(() => expect(chat.messages.map((one) => one.seq)).toEqual([1, 2, 3]))
  })

  it('counts the other side’s messages as unread until they are seen', () => {
    const { chat, sent, hear } = open()
    hear('chat.message', message(1, 'agent'), 1)
    hear('chat.message', message(2, 'agent'), 2)
    expect(chat.unread).toBe(2)
    chat.seen(1)
    expect(chat.unread).toBe(1)
    chat.seen(2)
    expect(chat.unread).toBe(0)
    expect(sent).toMatchObject([
      { op: 'chat_read', seq: 1 },
      { op: 'chat_read', seq: 2 },
    ])
  })

  it('tells what was read without a connection once there is one', () => {
    const { chat, sent, link, hear, reconnect } = open()
    hear('chat.message', message(1, 'agent'), 1)
    link.up = false
    chat.seen(1)
    expect(chat.unread).toBe(1)
    link.up = true
    reconnect()
    expect(chat.unread).toBe(0)
    expect(sent).toMatchObject([{ op: 'chat_read', seq: 1 }])
  })

  it('knows how far the other side has read', () => {
    const { chat, hear } = open()
    hear('chat.message', message(1, 'customer'), 1)
    hear('chat.read', { by: 'agent', seq: 1 })
    expect(chat.read.agent).toBe(1)
  })

  it('shows that the other side types, and not its own typing', () => {
    const { chat, hear } = open()
    hear('chat.typing', { user_id: 'u1', typing: true })
    expect(chat.peerTyping).toBe(false)
    hear('chat.typing', { user_id: 'a1', typing: true })
    expect(chat.peerTyping).toBe(true)
    hear('chat.message', message(1, 'agent'), 1)
    expect(chat.peerTyping).toBe(false)
  })

  it('says seldom that somebody types, and says when they stopped', () => {
    const { chat, sent } = open()
    chat.typing(true)
    chat.typing(true)
    chat.typing(false)
    chat.typing(false)
    expect(sent.map((frame) => frame.op === 'chat_typing' && frame.typing)).toEqual([true, false])
  })
})

import { describe, expect, it } from 'vitest'
import { Resource } from './loaded.svelte'
import { Problem } from './problem'

const problem = new Problem({ type: 'unavailable' })

describe('what a page knows of something', () => {
  it('is loading, then ready, then stale when it cannot be asked for again', async () => {
    const list = new Resource<number[]>()
    expect(list.now.state).toBe('loading')
    await list.load(async () => [1])
    expect(list.now).toMatchObject({ state: 'ready', value: [1] })
    await list.load(() => Promise.reject(problem))
    expect(list.now).toMatchObject({ state: 'stale', value: [1], problem })
    await list.load(async () => [2])
    expect(list.now).toMatchObject({ state: 'ready', value: [2] })
  })

  it('fails where nothing was known', async () => {
    const list = new Resource<number[]>()
    await list.load(() => Promise.reject(problem))
    expect(list.now).toEqual({ state: 'failed', problem })
  })

  it('an empty answer is no list, and unknown once the connection is lost', async () => {
    const list = new Resource<number[]>()
    await list.load(async () => [])
    expect(list.now.state).toBe('empty')
    list.lost()
    expect(list.now.state).toBe('loading')
  })

  it('is ready again when the connection is back, unless it could not be asked for either', async () => {
    const list = new Resource<number[]>()
    await list.load(async () => [1])
    list.lost()
    expect(list.now).toMatchObject({ state: 'stale', problem: null })
    list.regained()
    expect(list.now).toMatchObject({ state: 'ready', value: [1] })
    list.lost()
    list.fail(problem)
    list.regained()
    expect(list.now).toMatchObject({ state: 'stale', problem })
  })

  it('only the newest request counts', async () => {
    const list = new Resource<number[]>()
    let late: (value: number[]) => void = () => undefined
    const first = list.load(() => new Promise((resolve) => (late = resolve)))
    await list.load(async () => [2])
    late([1])
    await first
    expect(list.now).toMatchObject({ value: [2] })
  })

  it('keeps what a command answered while an older request was running', async () => {
    const list = new Resource<number[]>()
    let late: (value: number[]) => void = () => undefined
    const first = list.load(() => new Promise((resolve) => (late = resolve)))
    list.set([2])
    late([1])
    await first
    expect(list.now).toMatchObject({ state: 'ready', value: [2] })
    expect(list.busy).toBe(false)
  })
})

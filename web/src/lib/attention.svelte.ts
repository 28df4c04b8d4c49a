/**
 * Calls somebody who does not look at the page: a sound, a vibration, and a count in the title.
 *
 * Sound and vibration have one switch, kept on this device. Browsers play no sound before the
 * first touch of a page; the count in the title needs none.
 */

const KEY = 'baedal.attention'

/** Two rising notes: frequency in hertz, and when it begins in seconds. */
const NOTES: [number, number][] = [
  [660, 0],
  [880, 0.18],
]
const NOTE_SECS = 0.16

class Attention {
  on = $state(typeof localStorage === 'undefined' || localStorage.getItem(KEY) !== 'off')
  /** What waits for its reader, by what it is. */
  #waiting = $state<Record<string, number>>({})
  #audio: AudioContext | null = null

  /** How many things wait for their reader; the title shows it. */
  get count(): number {
    return Object.values(this.#waiting).reduce((sum, count) => sum + count, 0)
  }

  /** Says how many things of a kind wait; more than before calls their reader. */
  waiting(kind: string, count: number): void {
    const before = this.#waiting[kind] ?? 0
    if (count === before) return
    this.#waiting = { ...this.#waiting, [kind]: count }
    if (count > before) this.call()
  }

  /** Sounds and vibrates once. */
  call(): void {
    if (!this.on) return
    navigator.vibrate?.([120, 80, 120])
    this.#audio ??= new AudioContext()
    const audio = this.#audio
    void audio.resume().catch(() => undefined)
    for (const [hertz, begins] of NOTES) {
      const tone = audio.createOscillator()
      const volume = audio.createGain()
      const at = audio.currentTime + begins
      tone.frequency.value = hertz
      volume.gain.setValueAtTime(0.2, at)
      volume.gain.exponentialRampToValueAtTime(0.001, at + NOTE_SECS)
      tone.connect(volume).connect(audio.destination)
      tone.start(at)
      tone.stop(at + NOTE_SECS)
    }
  }

  /** The switch; turning it on sounds once, so that its owner hears what will come. */
  choose(on: boolean): void {
    this.on = on
    localStorage.setItem(KEY, on ? 'on' : 'off')
    if (on) this.call()
  }
}

export const attention = new Attention()

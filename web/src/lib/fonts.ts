/** Whether this device draws Korean with a font of its own; only the others fetch one. */

/** Fonts of the systems that people use, in the order of `--font`. */
export const SYSTEM_FONTS = ['Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', 'Noto Sans CJK KR', 'NanumGothic']

/** What the others fetch, by the syllables that a page shows. */
export const WEB_FONT = 'Noto Sans KR Variable'

/** What a map's words are drawn with. */
export const FONTS = [...SYSTEM_FONTS, WEB_FONT]

/** Nothing waits longer than this for a font, in milliseconds. */
const PATIENCE_MS = 3_000

let known: Promise<boolean> | undefined

export function hasKoreanFont(): Promise<boolean> {
  known ??= new FontFace('local Korean', SYSTEM_FONTS.map((name) => `local("${name}")`).join(', '))
    .load()
    .then(() => true)
    .catch(() => false)
  return known
}

/** What was waited for already: a syllable's file is fetched once. */
const had = new Set<string>()

/**
 * Waits until the Korean syllables of `text`, which is asked for only if need be, can be drawn. A map draws words on a canvas, which
 * does not wait for a font, and keeps what it has drawn.
 */
export async function fontFor(text: () => string): Promise<void> {
  if (await hasKoreanFont()) return
  const missing = [...new Set(text().match(/[가-힣]/g))].filter((syllable) => !had.has(syllable))
  if (missing.length === 0) return
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
  await Promise.race([document.fonts.load(`16px "${WEB_FONT}"`, missing.join('')), late]).catch(() => undefined)
  for (const syllable of missing) had.add(syllable)
}

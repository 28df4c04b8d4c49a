/**
 * Makes queries.tsv: what es-hangul (2.4.0, MIT) finds among invented names, for 10,000 queries as
 * people type them. `npm install es-hangul@2.4.0 && node make.mjs > queries.tsv`
 */
import { convertHangulToQwerty, disassemble, getChoseong, assemble } from 'es-hangul'

// A generator of numbers that gives the same ones each time (mulberry32).
let state = 20260101
function random(below) {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
}
const one = (list) => list[random(list.length)]

const PLACES = ['역삼', '관악', '삼성', '신림', '광화문', '왕십리', '을지로', '잠실', '성수', '홍대', '목동', '뚝섬', '여의도', '연남', '봉천', '쌍문']
const WORDS = ['원조', '할매', '엄마', '맛있는', '행복한', '착한', '옛날', '황금', '구름', '달빛', '괜찮은', '꿀', '왕', '두판', '싸다', '바른', '새벽', '푸른', '넓은', '따뜻한']
const FOODS = ['치킨', '피자', '족발', '보쌈', '떡볶이', '김밥', '국밥', '곱창', '닭갈비', '돈까스', '짜장면', '쌀국수', '햄버거', '칼국수', '순댓국', '삼겹살', '아귀찜', '육회', '빙수', '과일주스', '삶은닭', '값진밥상', '뼈해장국', '샐러드']
const ENDS = ['', '집', '나라', '본점', '천국', '마을', '하우스', '가게', '공방', '상회']
const names = [...new Set(Array.from({ length: 200 }, () => `${one(PLACES)}${one(WORDS)}${one(FOODS)}${one(ENDS)}`))]

/** What a keyboard shows after so many keys of a text. */
const typed = (text, keys) => assemble([...disassemble(text)].slice(0, keys))
const suffixes = (name) => [...name].map((_, at) => name.slice(at))
const indexes = (matches) => names.flatMap((name, index) => (matches(name) ? [index] : []))

const CONSONANTS = [...'ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ']
const VOWELS = [...'ㅏㅑㅓㅕㅗㅛㅜㅠㅡㅣ']

/** One letter of a name replaced by another one of its kind. */
function wrong(text) {
  const letters = [...disassemble(text)]
  const at = random(letters.length)
  const kind = VOWELS.includes(letters[at]) ? VOWELS : CONSONANTS
  if (!kind.includes(letters[at])) return wrong(text)
  letters[at] = one(kind.filter((letter) => letter !== letters[at]))
  return assemble(letters)
}

const lines = [`names\t${names.join(',')}`]
for (let number = 0; number < 10_000; number += 1) {
  const index = random(names.length)
  const name = names[index]
  const from = random([...name].length - 2)
  const part = name.slice(from, from + 2 + random([...name].length - from - 1))
  if (number % 10 < 5) {
    // A part of a name while it is being typed.
    const all = [...disassemble(part)].length
    const query = typed(part, 2 + random(all - 1))
    const letters = disassemble(query)
    lines.push(`typed\t${query}\t${indexes((name) => suffixes(name).some((rest) => disassemble(rest).startsWith(letters)))}`)
  } else if (number % 10 < 7) {
    const query = getChoseong(part)
    lines.push(`initials\t${query}\t${indexes((name) => getChoseong(name).includes(query))}`)
  } else if (number % 10 < 8) {
    const letters = disassemble(part)
    lines.push(`keyboard\t${convertHangulToQwerty(part)}\t${indexes((name) => suffixes(name).some((rest) => disassemble(rest).startsWith(letters)))}`)
  } else {
    lines.push(`wrong\t${wrong(name)}\t${index}`)
  }
}
console.log(lines.join('\n'))

import type { Bank } from './api/types'

/** The banks at which a settlement account can be, by their codes (Korea Financial Telecommunications and Clearings Institute). */
export const BANKS: (readonly [Bank, string])[] = [
  ['004', '국민은행'],
  ['088', '신한은행'],
  ['020', '우리은행'],
  ['081', '하나은행'],
  ['011', '농협은행'],
  ['003', '기업은행'],
  ['090', '카카오뱅크'],
  ['092', '토스뱅크'],
  ['089', '케이뱅크'],
  ['045', '새마을금고'],
  ['048', '신협'],
  ['071', '우체국'],
  ['007', '수협은행'],
  ['023', 'SC제일은행'],
  ['027', '한국씨티은행'],
  ['002', '산업은행'],
  ['031', '아이엠뱅크'],
  ['032', '부산은행'],
  ['039', '경남은행'],
  ['034', '광주은행'],
  ['037', '전북은행'],
  ['035', '제주은행'],
]

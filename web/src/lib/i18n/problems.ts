/**
 * What problems say: a code, then Korean, then English.
 *
 * The words of every code of the server stand beside its rule there, and come from its
 * document by `./dev types`. Here stands what the pages alone can say.
 */

import { problems, type Row } from '../api/words'

/** Why something was not done. */
export const PROBLEMS: Record<string, Row> = {
  ...problems,
  'client.unreachable': [
    '서버에 연결할 수 없어요. 네트워크를 확인하고 다시 시도해 주세요.',
    'The server cannot be reached. Check the network and try again.',
  ],
  'client.fault': ['문제가 생겼어요. 다시 시도해 주세요.', 'Something went wrong. Please try again.'],
  'client.payment_window': [
    '결제사 창을 열지 못했어요. 잠시 후 다시 시도해 주세요.',
    'The payment company’s window could not be opened. Try again in a moment.',
  ],
  'client.payment_window_closed': [
    '결제사 창을 닫았어요. 등록하거나 청구한 것은 없어요.',
    'The window was closed. Nothing was added or charged.',
  ],
  'client.geolocation': [
    '지금은 위치를 읽을 수 없어요. 잠시 후 다시 시도해 주세요.',
    'The position cannot be read just now. Try again in a moment.',
  ],
  'client.location_denied': [
    '위치 권한이 꺼져 있어요. 주소창 왼쪽의 사이트 설정에서 ‘위치’를 ‘허용’으로 바꾼 뒤 다시 시도해 주세요. 휴대전화에서는 설정에서 브라우저의 위치도 켜져 있어야 해요.',
    'Location is turned off for this page. Open the site settings beside the address bar, allow “Location”, and try again. On a phone, the browser itself must be allowed to use location in the settings, too.',
  ],
}

/** The code whose words tell a status, where the problem's own code is not known here. */
export const STATUSES: Record<number, string> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  412: 'stale',
  413: 'body_too_large',
  422: 'invalid',
  429: 'limited',
  500: 'internal',
  502: 'upstream_lost',
  503: 'unavailable',
  504: 'timeout',
}

/** Words with `{name}` replaced by the parameter of that name, numbers as `12,345`; `null` if one is not there. */
export function fill(words: string, params: Record<string, unknown> = {}): string | null {
  const missing = [...words.matchAll(/\{(\w+)\}/g)].some(([, name = '']) => params[name] === undefined)
  const said = (value: unknown) => (typeof value === 'number' ? value.toLocaleString('en-US') : String(value))
  return missing ? null : words.replace(/\{(\w+)\}/g, (_, name: string) => said(params[name]))
}

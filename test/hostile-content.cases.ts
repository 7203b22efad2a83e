import { gzipSync } from 'node:zlib';

/** One hostile request body, with what may be answered. */
export interface ContentCase {
  readonly name: string;
  /** The body, made from one that the collection accepts. */
  readonly body: (valid: Readonly<Record<string, unknown>>) => string | Buffer;
  readonly answers: readonly number[];
  /** @default ['Content-Type: application/json'] */
  readonly headers?: readonly string[];
}

const json = 'Content-Type: application/json';
const text = (valid: unknown) => JSON.stringify(valid);

/** `{...}` with further members, as text, because JSON.stringify could not write most of them. */
function withMembers(valid: Readonly<Record<string, unknown>>, members: string): string {
  return `${text(valid).slice(0, -1)},${members}}`;
}

function nested(open: string, close: string, levels: number, inner = ''): string {
  return open.repeat(levels) + inner + close.repeat(levels);
}

const malformed: readonly ContentCase[] = [
  { name: 'nothing', body: () => '', answers: [400] },
  { name: 'only spaces', body: () => ' \r\n\t', answers: [400] },
  { name: 'a byte order mark before JSON', body: (v) => `\ufeff${text(v)}`, answers: [400] },
  { name: 'JSON in UTF-16', body: (v) => Buffer.from(text(v), 'utf16le'), answers: [400] },
  { name: 'bytes that are not UTF-8', body: (v) => Buffer.from(withMembers(v, '"a":"\xff"'), 'latin1'), answers: [400] },
  { name: 'an overlong encoding of a slash', body: (v) => Buffer.from(withMembers(v, '"a":"\xc0\xaf"'), 'latin1'), answers: [400] },
  { name: 'a raw NUL', body: (v) => withMembers(v, '"a":"\0"'), answers: [400] },
  { name: 'two documents', body: (v) => text(v) + text(v), answers: [400] },
  { name: 'half a document', body: (v) => text(v).slice(0, -5), answers: [400] },
  { name: 'a trailing comma', body: (v) => `${text(v).slice(0, -1)},}`, answers: [400] },
  { name: 'a comment', body: (v) => `/* a */${text(v)}`, answers: [400] },
  { name: 'single quotes', body: () => "{'a': 1}", answers: [400] },
  { name: 'NaN', body: (v) => withMembers(v, '"a":NaN'), answers: [400] },
  { name: 'Infinity', body: (v) => withMembers(v, '"a":-Infinity'), answers: [400] },
  { name: 'a hexadecimal number', body: (v) => withMembers(v, '"a":0x10'), answers: [400] },
  { name: '4,200 lists in one another', body: () => nested('[', ']', 4200), answers: [400, 422] },
  { name: '4,200 objects in one another', body: () => nested('{"a":', '}', 4200, '1'), answers: [400, 422] },
  { name: '4,200 lists in a member', body: (v) => withMembers(v, `"a":${nested('[', ']', 4200)}`), answers: [400, 422] },
  { name: '30,000 lists without an end', body: () => '['.repeat(30_000), answers: [400] },
  { name: '10,000 quotes and backslashes', body: () => `"${'\\"'.repeat(10_000)}`, answers: [400] },
];

const shapes: readonly ContentCase[] = [
  ...['null', 'true', '0', '-0', '1e400', '"text"', '[]', '[[]]', '{}'].map((document) => ({
    name: `${document} as the whole document`,
    body: () => document,
    answers: [400, 422],
  })),
  { name: 'a list of good ones', body: (v) => `[${text(v)},${text(v)}]`, answers: [400, 422] },
  { name: '__proto__ with members', body: (v) => withMembers(v, '"__proto__":{"isAdmin":true}'), answers: [400, 422] },
  { name: '__proto__ around the good one', body: (v) => `{"__proto__":${text(v)}}`, answers: [400, 422] },
  { name: '__proto__ that is null', body: (v) => withMembers(v, '"__proto__":null'), answers: [400, 422] },
  { name: 'constructor.prototype', body: (v) => withMembers(v, '"constructor":{"prototype":{"isAdmin":true}}'), answers: [422] },
  { name: 'members called like methods', body: (v) => withMembers(v, '"toString":1,"valueOf":2,"hasOwnProperty":3,"toJSON":4'), answers: [422] },
  { name: 'an empty member name', body: (v) => withMembers(v, '"":1'), answers: [422] },
  { name: 'a member name with NUL and a lone surrogate', body: (v) => withMembers(v, '"\\u0000\\ud800":1'), answers: [400, 422] },
  { name: 'members that only the service sets', body: (v) => withMembers(v, '"id":7,"created_at":"2000-01-01T00:00:00.000Z","version":9'), answers: [422] },
  { name: '2,000 unknown members', body: (v) => withMembers(v, Array.from({ length: 2000 }, (_, i) => `"a${i}":1`).join()), answers: [422] },
  {
    name: 'each member twice, the second time null',
    body: (v) =>
      withMembers(
        v,
        Object.keys(v)
          .map((k) => `"${k}":null`)
          .join(),
      ),
    answers: [400, 422],
  },
  { name: 'a good one behind 30 KiB of spaces', body: (v) => ' '.repeat(30 * 1024) + text(v), answers: [201] },
];

const sizes: readonly ContentCase[] = [
  { name: '33 KiB', body: (v) => withMembers(v, `"a":"${'a'.repeat(33 * 1024)}"`), answers: [413] },
  { name: '33 KiB of spaces around a good one', body: (v) => text(v) + ' '.repeat(33 * 1024), answers: [413] },
  { name: '3 MiB', body: () => `"${'a'.repeat(3 * 1024 * 1024)}"`, answers: [413] },
];

const types: readonly ContentCase[] = [
  ...[
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'application/jsonp',
    'application/merge-patch+json',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json, text/html',
    '; charset=utf-8',
    'nonsense',
    `application/json; a=${'b'.repeat(8000)}; charset=utf-16`,
  ].map((type) => ({ name: `a body called ${type.slice(0, 60)}`, headers: [`Content-Type: ${type}`], body: text, answers: [415] })),
  { name: 'a body without a content type', headers: [], body: text, answers: [415] },
  { name: 'two content types', headers: [json, 'Content-Type: text/plain'], body: text, answers: [201, 400, 415] },
  { name: 'a gzipped body', headers: [json, 'Content-Encoding: gzip'], body: (v) => gzipSync(text(v)), answers: [415] },
  { name: 'a gzip bomb', headers: [json, 'Content-Encoding: gzip'], body: () => gzipSync(Buffer.alloc(8 * 1024 * 1024)), answers: [415] },
  ...['deflate', 'br', 'zstd', 'compress', 'gzip, gzip', 'nonsense', 'identity, gzip'].map((coding) => ({
    name: `a body coded ${coding}`,
    headers: [json, `Content-Encoding: ${coding}`],
    body: text,
    answers: [415],
  })),
];

/** Sent as they are, with the method POST, to each collection. */
export const contentCases: readonly ContentCase[] = [...malformed, ...shapes, ...sizes, ...types];

/** JSON values that no field takes, or only some do: each is put into each field, also inside items. */
export const wrongValues: readonly string[] = [
  'null',
  'true',
  '[]',
  '{}',
  '[[]]',
  '{"__proto__":{"a":1}}',
  '{"toString":null}',
  '""',
  '" "',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"a\\udfffb"',
  '"\\u202e\\u0007\\u001b[2J"',
  `"${'a'.repeat(256)}"`,
  `"${'\\ud83d\\ude00'.repeat(300)}"`,
  `"${'@'.repeat(20_000)}"`,
  '"\'; DROP TABLE users; --"',
  '"1e5"',
  '"9007199254740993"',
  '"NaN"',
  '0',
  '-0',
  '-1',
  '0.1',
  '1e-400',
  '1e400',
  '-1e400',
  '9007199254740993',
  '18446744073709551616',
  '1.7976931348623157e308',
  '123456789012345678901234567890.123',
];

/** Path segments that are no id; the answer is 400, or 404 where the path is another one. */
export const wrongIds: readonly string[] = [
  '0',
  '-1',
  '+1',
  '01',
  '1.0',
  '1.5',
  '1e3',
  '0x1',
  'abc',
  'null',
  'NaN',
  'true',
  '%20',
  '1%20',
  '%201',
  '1%00',
  '1;a=b',
  '1,2',
  '%2e',
  '%2e%2e',
  '__proto__',
  'constructor',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775808',
  '99999999999999999999',
  '%D9%A1',
  '%EF%BC%91',
  "1'--",
  '1%27%20OR%20%271%27=%271',
  '1%0a',
  '[]',
  '{id}',
  '$1',
  '%F0%9F%98%80',
  '1%2f..%2f2',
  '9'.repeat(5000),
];

/** Query strings that a list refuses. */
export const wrongQueries: readonly string[] = [
  'limit=0',
  'limit=-1',
  'limit=101',
  'limit=1e1',
  'limit=1.5',
  'limit=abc',
  'limit=',
  'limit',
  'limit=%00',
  'limit=1&limit=2',
  'limit[]=1',
  'limit[a]=1',
  'limit=9007199254740993',
  'limit=+5',
  'limit=%205',
  'limit=%D9%A5',
  'limit=0x5',
  'limit=Infinity',
  'limit=null',
  'cursor=',
  'cursor=abc',
  'cursor=-1',
  'cursor=%00',
  'cursor=1e400',
  'cursor=99999999999999999999',
  'cursor=1&offset=1',
  'cursor=[object%20Object]',
  'offset=-1',
  'offset=1.5',
  'offset=99999999999999999999',
  'offset=abc',
  'offset=',
  'unknown=1',
  '__proto__=1',
  'constructor=1',
  'LIMIT=5',
  '%00=1',
  '=1',
];

/** Values of `Idempotency-Key` that are none: a key is 1 to 255 visible ASCII characters, bare or quoted. */
export const wrongKeys: readonly string[] = ['', '""', 'a'.repeat(256), 'a b', '"a', '\xe9', '"a" "b"', 'a\tb'];

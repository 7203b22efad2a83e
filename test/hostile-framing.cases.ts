import { rawRequest } from '../services/service-kit/testing/raw-http';

/** One hostile message; a canary request follows it on the same connection. */
export interface FramingCase {
  readonly name: string;
  /** The bytes, for a service with this collection. */
  readonly bytes: (collection: string) => string | Buffer;
  /** Statuses that the first answer may have; `none` where closing without an answer is right too. */
  readonly answers: readonly (number | 'none')[];
  /**
   * Whether the message's end is certain, so that what follows it may be served. Where it is not, or the
   * message is refused as a whole, serving on would be request smuggling (RFC 9112 section 11.2).
   * @default false
   */
  readonly mayServeNext?: boolean;
  /** Method asked, where it decides whether answers have bodies. @default 'GET' */
  readonly method?: string;
}

const json = 'Content-Type: application/json';
const refused = [400] as const;
const kib = 1024;

function post(collection: string, headers: readonly string[], body: string): string {
  return [`POST ${collection} HTTP/1.1`, 'Host: localhost', json, ...headers, '', body].join('\r\n');
}

function get(path: string, ...headers: readonly string[]): Buffer {
  return rawRequest('GET', path, headers);
}

/** A row whose POST differs from a good one in its framing headers or its body's framing. */
function framed(name: string, headers: readonly string[], body: string, answers: FramingCase['answers'] = refused): FramingCase {
  return { name, bytes: (collection) => post(collection, headers, body), answers };
}

/** A row whose GET differs from a good one in its headers. */
function headed(name: string, headers: readonly string[], answers: FramingCase['answers'] = refused, mayServeNext = false): FramingCase {
  return { name, bytes: (collection) => get(collection, ...headers), answers, mayServeNext };
}

/** A row whose GET differs from a good one in its target. */
function aimed(name: string, target: (collection: string) => string, answers: FramingCase['answers'], mayServeNext = true): FramingCase {
  return { name, bytes: (collection) => get(target(collection)), answers, mayServeNext };
}

function raw(name: string, bytes: FramingCase['bytes'], answers: FramingCase['answers'] = refused, mayServeNext = false): FramingCase {
  return { name, bytes, answers, mayServeNext };
}

const lengths: readonly FramingCase[] = [
  framed('Transfer-Encoding before Content-Length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n'),
  framed('Content-Length before Transfer-Encoding', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
  framed('two different Content-Lengths', ['Content-Length: 2', 'Content-Length: 40'], '{}'),
  framed('two equal Content-Lengths', ['Content-Length: 2', 'Content-Length: 2'], '{}'),
  framed('a list of Content-Lengths', ['Content-Length: 2, 2'], '{}'),
  framed('a negative Content-Length', ['Content-Length: -1'], '{}'),
  framed('a signed Content-Length', ['Content-Length: +2'], '{}'),
  framed('a Content-Length of two numbers', ['Content-Length: 2 2'], '{}'),
  framed('a hexadecimal Content-Length', ['Content-Length: 0x2'], '{}'),
  framed('a Content-Length with an exponent', ['Content-Length: 2e0'], '{}'),
  framed('an empty Content-Length', ['Content-Length:'], '{}'),
  framed('a Content-Length that overflows 64 bits', ['Content-Length: 18446744073709551618'], '{}'),
  framed('a Content-Length of a tebibyte', ['Content-Length: 1099511627776'], '{}', [413]),
  framed('a Content-Length hidden behind a space', ['Content-Length : 2'], '{}'),
];

const encodings: readonly FramingCase[] = [
  framed('Transfer-Encoding: xchunked', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'),
  framed('Transfer-Encoding: identity', ['Transfer-Encoding: identity'], '{}'),
  framed('chunked that is not the last coding', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'),
  framed('chunked twice', ['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'),
  framed('two Transfer-Encodings, the last unknown', ['Transfer-Encoding: chunked', 'Transfer-Encoding: cow'], '0\r\n\r\n'),
  framed('Transfer-Encoding behind a vertical tab', ['Transfer-Encoding: \x0bchunked'], '0\r\n\r\n'),
  framed('Transfer-Encoding in quotes', ['Transfer-Encoding: "chunked"'], '0\r\n\r\n'),
  framed('Transfer-Encoding behind a space', ['Transfer-Encoding : chunked'], '0\r\n\r\n'),
  framed('Transfer-Encoding on a folded line', ['Transfer-Encoding:', ' chunked'], '0\r\n\r\n'),
  framed('an empty Transfer-Encoding', ['Transfer-Encoding:', 'Content-Length: 2'], '{}'),
  raw('Transfer-Encoding in HTTP/1.0', (c) => `POST ${c} HTTP/1.0\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
];

const chunked = ['Transfer-Encoding: chunked'];
const chunks: readonly FramingCase[] = [
  framed('a chunk size that is no number', chunked, 'zz\r\n{}\r\n0\r\n\r\n'),
  framed('a negative chunk size', chunked, '-2\r\n{}\r\n0\r\n\r\n'),
  framed('a chunk size that overflows 64 bits', chunked, '10000000000000002\r\n{}\r\n0\r\n\r\n'),
  framed('a chunk size with a prefix', chunked, '0x2\r\n{}\r\n0\r\n\r\n'),
  framed('an empty chunk size', chunked, '\r\n{}\r\n0\r\n\r\n'),
  framed('a chunk size behind a space', chunked, ' 2\r\n{}\r\n0\r\n\r\n'),
  framed('a chunk longer than its size', chunked, '2\r\n{"a":1}\r\n0\r\n\r\n'),
  framed('chunks that end with bare line feeds', chunked, '2\n{}\n0\n\n'),
  framed('a chunk extension with a bare line feed', chunked, '2;a\n{}\r\n0\r\n\r\n'),
  framed('17 KiB of chunk extensions', chunked, `2;${'a'.repeat(17 * kib)}\r\n{}\r\n0\r\n\r\n`, [400, 413, 431]),
  framed('17 KiB of trailers', chunked, `2\r\n{}\r\n0\r\nX: ${'a'.repeat(17 * kib)}\r\n\r\n`, [400, 422, 431]),
  framed('a trailer without a colon', chunked, '2\r\n{}\r\n0\r\nnonsense\r\n\r\n', [400, 422]),
];

const headers: readonly FramingCase[] = [
  headed('a folded header line', ['X-A: a', ' b']),
  headed('a header line before any header starts with a space', [' X-A: a']),
  headed('a header name with a space inside', ['X A: a']),
  headed('a header name with a space behind', ['X-A : a']),
  headed('an empty header name', [': a']),
  headed('a header line without a colon', ['nonsense']),
  headed('a header name with a parenthesis', ['X(A): a']),
  headed('a header name that is not ASCII', ['X-\xe9: a']),
  headed('NUL in a header value', ['X-A: a\0b']),
  headed('a control character in a header value', ['X-A: a\x01b']),
  headed('DEL in a header value', ['X-A: a\x7fb']),
  headed('a bare carriage return in a header value', ['X-A: a\rX-B: b']),
  headed('17 KiB in one header', [`X-A: ${'a'.repeat(17 * kib)}`], [431]),
  headed('a header name of 17 KiB', [`${'a'.repeat(17 * kib)}: a`], [431]),
  headed(
    '2,001 headers',
    Array.from({ length: 2001 }, () => 'a:b'),
    [400, 431],
  ),
  headed(
    '101 headers',
    Array.from({ length: 101 }, (_, i) => `x${i}:b`),
    [400, 431],
  ),
  headed('letters beyond ASCII in a header value, which are allowed', ['X-A: \xe9'], [200], true),
  headed('an X-Request-Id with markup', ['X-Request-Id: <script>alert(1)</script>'], [200, 400], true),
  headed('an X-Request-Id of 8 KiB', [`X-Request-Id: ${'a'.repeat(8 * kib)}`], [200, 400], true),
  headed('two X-Request-Ids', ['X-Request-Id: a', 'X-Request-Id: b'], [200, 400], true),
  headed('a traceparent that is none', ['traceparent: 00-zz-zz-zz'], [200], true),
  headed('an If-None-Match without its closing quote', ['If-None-Match: "a'], [200, 400], true),
  headed('a Range that is none', ['Range: bytes=9-1,-,x'], [200], true),
  headed('an Accept that nothing meets', ['Accept: image/png;q=nonsense'], [200, 406], true),
  headed('headers called like prototype members', ['__proto__: a', 'constructor: b', 'hasOwnProperty: c', 'toString: d'], [200], true),
  headed('a method override', ['X-HTTP-Method-Override: DELETE', 'X-Method-Override: DELETE'], [200], true),
  headed('an Upgrade to a websocket', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'], [200]),
  headed('an Upgrade to HTTP/2', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'], [200]),
  headed('an expectation that nobody can meet', ['Expect: nonsense'], [417], true),
];

const hosts: readonly FramingCase[] = [
  raw('no Host', (c) => `GET ${c} HTTP/1.1\r\n\r\n`),
  raw('two Hosts', (c) => `GET ${c} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`),
  raw('a Host with a space', (c) => `GET ${c} HTTP/1.1\r\nHost: a b\r\n\r\n`, [200, 400], true),
  raw('a Host with a path', (c) => `GET ${c} HTTP/1.1\r\nHost: a/../b?c#d\r\n\r\n`, [200, 400], true),
  raw('a Host with credentials', (c) => `GET ${c} HTTP/1.1\r\nHost: root:root@b:99999\r\n\r\n`, [200, 400], true),
];

const requestLines: readonly FramingCase[] = [
  raw('HTTP/0.9', (c) => `GET ${c}\r\n`),
  raw('HTTP/1.0 without Host, and bytes after the only request', (c) => `GET ${c} HTTP/1.0\r\n\r\n`, [200, 400]),
  raw('HTTP/1.2', (c) => `GET ${c} HTTP/1.2\r\nHost: a\r\n\r\n`),
  raw('HTTP/2.0 on an HTTP/1.1 line', (c) => `GET ${c} HTTP/2.0\r\nHost: a\r\n\r\n`),
  raw('HTTP/9.9', (c) => `GET ${c} HTTP/9.9\r\nHost: a\r\n\r\n`),
  raw('a protocol in lower case', (c) => `GET ${c} http/1.1\r\nHost: a\r\n\r\n`),
  raw('another protocol', (c) => `GET ${c} ICE/1.0\r\nHost: a\r\n\r\n`, [400, 'none']),
  raw('the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'),
  raw('a TLS greeting', () => Buffer.from('16030100a5010000a10303', 'hex')),
  raw('an SSH greeting', () => 'SSH-2.0-OpenSSH_9.2\r\n'),
  raw('a kibibyte of NUL', () => '\0'.repeat(kib)),
  raw('bare line feeds', (c) => `GET ${c} HTTP/1.1\nHost: a\n\n`),
  raw('two spaces in the request line, which a server may skip', (c) => `GET  ${c}  HTTP/1.1\r\nHost: a\r\n\r\n`, [200, 400], true),
  raw('a tab in the request line', (c) => `GET\t${c} HTTP/1.1\r\nHost: a\r\n\r\n`),
  raw('a thousand empty lines first', (c) => `${'\r\n'.repeat(1000)}GET ${c} HTTP/1.1\r\nHost: a\r\n\r\n`, [200, 400], true),
  raw('no target', () => 'GET HTTP/1.1\r\nHost: a\r\n\r\n'),
  raw('a method in lower case', (c) => `get ${c} HTTP/1.1\r\nHost: a\r\n\r\n`),
  raw('an unknown method', (c) => `NONSENSE ${c} HTTP/1.1\r\nHost: a\r\n\r\n`, [400, 405]),
  raw('TRACE', (c) => `TRACE ${c} HTTP/1.1\r\nHost: a\r\nX-Secret: s\r\n\r\n`, [405], true),
  raw('CONNECT', () => 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', [400, 405, 'none']),
  raw('PROPFIND', (c) => `PROPFIND ${c} HTTP/1.1\r\nHost: a\r\n\r\n`, [405], true),
  raw('QUERY', (c) => `QUERY ${c} HTTP/1.1\r\nHost: a\r\n\r\n`, [405], true),
  raw('OPTIONS of the whole server', () => 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', [204, 400, 404, 405], true),
];

const targets: readonly FramingCase[] = [
  aimed('a target of another server', (c) => `http://evil.example${c}`, [200, 400, 404]),
  aimed('a target with another protocol', () => 'file:///etc/passwd', [400, 404]),
  aimed('an authority as the target', () => 'evil.example:80', [400, 404], false),
  aimed('a target without its slash', () => 'api/v1/users', [400, 404], false),
  aimed('an asterisk', () => '*', [400, 404]),
  aimed('two slashes first', (c) => `/${c}`, [200, 400, 404]),
  aimed('NUL in the path', (c) => `${c}/1\0`, refused, false),
  aimed('NUL in the path, encoded', (c) => `${c}/1%00`, [400, 404]),
  aimed('a line break in the path, encoded', (c) => `${c}/1%0d%0aX-Evil:%201`, [400, 404]),
  aimed('percent signs that encode nothing', (c) => `${c}/%zz`, [400, 404]),
  aimed('a percent sign at the end', (c) => `${c}/%`, [400, 404]),
  aimed('bytes that are not UTF-8, encoded', (c) => `${c}/%ff%fe`, [400, 404]),
  aimed('an overlong dot, encoded', (c) => `${c}/%c0%ae%c0%ae/`, [400, 404]),
  aimed('steps upwards', (c) => `${c}/../../../etc/passwd`, [400, 404]),
  aimed('steps upwards, encoded', (c) => `${c}/..%2f..%2fetc%2fpasswd`, [400, 404]),
  aimed('steps upwards out of the docs', () => '/docs/..%2f..%2f..%2fpackage.json', [400, 404]),
  aimed('backslashes', (c) => `${c}\\..\\..`, [400, 404]),
  aimed('letters beyond ASCII in the path', (c) => `${c}/\xe9`, [400, 404]),
  aimed('a fragment', (c) => `${c}#x`, [200, 400, 404]),
  aimed('a path of 17 KiB', (c) => `${c}/${'a'.repeat(17 * kib)}`, [414, 431], false),
  aimed('a path of 7,000 slashes', (c) => `${c}${'/'.repeat(7000)}`, [200, 400, 404]),
  aimed('percent signs that encode nothing, in the query', (c) => `${c}?limit=%zz`, [400]),
  aimed('a query of 3,000 members', (c) => `${c}?${'a&'.repeat(3000)}`, [400]),
  aimed('a query called like prototype members', (c) => `${c}?__proto__[x]=1&constructor=2&toString=3`, [400]),
];

const withBodies: readonly FramingCase[] = [
  { name: 'a HEAD', bytes: (c) => rawRequest('HEAD', c), answers: [200, 405], mayServeNext: true, method: 'HEAD' },
  raw('100-continue with a body over the limit', (c) => post(c, ['Expect: 100-continue', 'Content-Length: 40000'], ''), [413]),
];

/** All of them; each is sent to both services. */
export const framingCases: readonly FramingCase[] = [...lengths, ...encodings, ...chunks, ...headers, ...hosts, ...requestLines, ...targets, ...withBodies];

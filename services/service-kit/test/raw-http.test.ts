import { MalformedResponseError, parseResponses } from '../testing/raw-http';

const parse = (text: string, method?: string) => parseResponses(Buffer.from(text, 'latin1'), method);

describe('the strict reader of answers', () => {
  it('reads answers that follow one another, by length, by chunks and to the end', () => {
    const answers = parse(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi' +
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n' +
        'HTTP/1.1 204 No Content\r\nA: 1\r\na: 2\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\nto the end',
    );
    expect(answers.map(({ status, body }) => [status, body.toString()])).toEqual([
      [200, 'hi'],
      [200, 'abc'],
      [204, ''],
      [400, 'to the end'],
    ]);
    expect(answers[2]?.headers).toEqual({ a: '1, 2' });
  });

  it('expects no body after HEAD', () => {
    expect(parse('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 'HEAD')).toHaveLength(1);
  });

  it.each([
    ['a head without an end', 'HTTP/1.1 200 OK\r\n'],
    ['a bare line feed', 'HTTP/1.1 200 OK\nA: 1\r\n\r\n'],
    ['an unknown version', 'HTTP/2 200 OK\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nA : 1\r\n\r\n'],
    ['a body shorter than its length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['a length beside chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a chunk without an end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc'],
    ['bytes after the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore'],
  ])('refuses %s', (_what, text) => {
    expect(() => parse(text)).toThrow(MalformedResponseError);
  });
});

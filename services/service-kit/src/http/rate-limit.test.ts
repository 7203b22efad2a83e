import type { IncomingMessage } from 'node:http';
import { clientAddress } from './rate-limit';

const proxy = '10.0.0.1';

function addressOf(forwardedFor: string | undefined, hops: number): string {
  const request = { socket: { remoteAddress: proxy }, headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor } };
  return clientAddress(request as unknown as IncomingMessage, hops);
}

describe("the client's address", () => {
  it.each([
    ['nobody is believed', '9.9.9.9', 0, proxy],
    ['there is no header', undefined, 1, proxy],
    ['one proxy says whom it saw', '1.2.3.4', 1, '1.2.3.4'],
    ['the client wrote an entry itself', '9.9.9.9, 1.2.3.4', 1, '1.2.3.4'],
    ['the client wrote many entries itself', `${'9.9.9.9, '.repeat(50)}1.2.3.4`, 1, '1.2.3.4'],
    ['two proxies are believed', '9.9.9.9, 1.2.3.4, 10.0.0.2', 2, '1.2.3.4'],
    ['more proxies are believed than there are', '1.2.3.4', 3, '1.2.3.4'],
    ['the proxy appends a port', '9.9.9.9, 1.2.3.4:5678', 1, '1.2.3.4'],
    ['the proxy appends IPv6 with a port', '9.9.9.9, [2001:db8::1]:5678', 1, '2001:db8::1'],
    ['the proxy appends IPv6', '9.9.9.9, 2001:db8::1', 1, '2001:db8::1'],
    ['the proxy appends no address', '9.9.9.9, unknown', 1, proxy],
    ['the header is empty', '', 1, proxy],
    ['the header is nonsense', ',,;"', 2, proxy],
  ])('when %s', (_when, header, hops, expected) => {
    expect(addressOf(header, hops)).toBe(expected);
  });

  it('can not be chosen by the client, whatever it writes in front', () => {
    for (const forged of ['9.9.9.9', 'x', '9.9.9.9:1', '[::1]', ', ,', '1.2.3.4, 9.9.9.9']) {
      expect(addressOf(`${forged}, 1.2.3.4`, 1)).toBe('1.2.3.4');
      expect(addressOf(`${forged}, 1.2.3.4, unknown`, 2)).toBe('1.2.3.4');
    }
  });
});

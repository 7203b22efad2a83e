import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { probed } from '../src/verify/look';
import { describeWithControlPlane } from '../testing/use-control-plane';

describeWithControlPlane('a health page over TLS', (at) => {
  let server: Server;
  beforeAll(async () => {
    server = createServer(at().plane.certificate, ({ socket, headers: { host } }, response) =>
      response.end(JSON.stringify([host, (socket as TLSSocket & { readonly servername: string | false }).servername])),
    );
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterAll(() => void server?.close());

  it('is asked for as the kubelet does: whoever signed the certificate, and without a name for the server', async () => {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/ready`;
    expect(await probed(url, { Host: 'shop.example' })).toEqual({ status: 200, text: '["shop.example",false]' });
  });
});

import { type ComposeStack, type Created, createStack, orderEndToEnd } from './compose-stack';
import { describeWithDocker, docker, inspect } from './docker';
import { parseExposition } from './exposition';

const minutes = 60_000;
const services = ['user-service', 'order-service'];

describeWithDocker('docker compose', () => {
  describe.each([
    ['sqlite', ['docker-compose.yml']],
    ['postgres', ['docker-compose.yml', 'docker-compose.postgres.yml']],
  ])('on %s', (store, files) => {
    let stack: ComposeStack;
    let made: { user: Created; order: Created };

    beforeAll(async () => {
      stack = await createStack(store, files);
      await stack.compose('up', '--build', '--detach', '--wait', '--quiet-pull');
    }, 10 * minutes);
    afterAll(() => stack.dispose(), minutes);

    it('takes an order end to end', async () => {
      made = await orderEndToEnd(stack, 'grace@example.com');
      expect(made.order).toMatchObject({ user_id: made.user.id, status: 'pending', total: 39.98 });
      expect(await (await fetch(`${stack.orders}/health/ready`)).json()).toMatchObject({ status: 'ok' });
    });

    it('counts that order on /metrics: at the client, and between the services', async () => {
      const counted = async (url: string, metric: string, labels: object) =>
        parseExposition(await (await fetch(`${url}/metrics`)).text())
          .get(metric)!
          .samples.filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
          .reduce((sum, { value }) => sum + value, 0);
      expect(await counted(stack.orders, 'http_requests_total', { method: 'POST', route: '/orders', status: '201' })).toBe(1);
      expect(await counted(stack.orders, 'external_requests_total', { peer: 'user-service', outcome: 'ok' })).toBe(1);
      expect(await counted(stack.users, 'http_requests_total', { method: 'GET', route: '/users/{id}', status: '200' })).toBe(1);
    });

    it('refuses an order of a user that does not exist', async () => {
      const answer = await fetch(`${stack.orders}/api/v1/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: 999_999, product_id: 'lamp', quantity: 1 }),
      });
      expect(answer.status).toBe(404);
    });

    it(
      'stops with exit code 0 and keeps the data over a restart, and over new containers',
      async () => {
        await stack.compose('stop');
        for (const service of services) expect((await inspect(stack.container(service))).State.ExitCode).toBe(0);
        await stack.compose('start');
        await stack.compose('up', '--detach', '--wait');
        await expectDataKept();
        await stack.compose('down');
        await stack.compose('up', '--detach', '--wait');
        await expectDataKept();
      },
      5 * minutes,
    );

    it('runs every container as no root user, without capabilities, on a root file system that nobody can write', async () => {
      for (const id of (await stack.compose('ps', '--quiet')).split('\n')) {
        const { Config, HostConfig, Name } = await inspect(id);
        const [uid, touched, status] = await Promise.all([
          docker(['exec', id, 'id', '-u']),
          docker(['exec', id, 'sh', '-c', 'touch /written /etc/written /home/written 2>&1 || true']),
          docker(['exec', id, 'cat', '/proc/1/status']),
        ]);
        expect({ Name, readOnly: HostConfig.ReadonlyRootfs, user: Config.User, root: uid === '0' }).toMatchObject({ readOnly: true, root: false });
        expect(touched.match(/Read-only file system/g)).toHaveLength(3);
        expect(status).toMatch(/^Uid:\t(?!0\t)\d+/m);
        expect(status).toMatch(/^CapEff:\t0+$/m);
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      }
    });

    async function expectDataKept() {
      expect(await (await fetch(`${stack.users}/api/v1/users/${made.user.id}`)).json()).toEqual(made.user);
      expect(await (await fetch(`${stack.orders}/api/v1/orders/${made.order.id}`)).json()).toEqual(made.order);
    }

    if (store === 'postgres') {
      it.each([
        ['user_service', 'user-local', 'userdb', 'orderdb'],
        ['order_service', 'order-local', 'orderdb', 'userdb'],
      ])('lets %s open its own database and no other', async (role, password, own, others) => {
        const open = (database: string) =>
          stack.compose(
            'exec',
            '-T',
            '-e',
            `PGPASSWORD=${password}`,
            'postgres',
            'psql',
            '-h',
            '127.0.0.1',
            '-U',
            role,
            '-d',
            database,
            '-tAc',
            'select current_database()',
          );
        expect(await open(own)).toBe(own);
        for (const database of [others, 'postgres', 'template1']) await expect(open(database)).rejects.toThrow(/permission denied for database/);
      });
    }
  });

  it('names containers, volumes, network, ports and peer as documented', async () => {
    const ports = { USER_SERVICE_PORT: '', ORDER_SERVICE_PORT: '' };
    const written = JSON.parse(await docker(['compose', '-f', 'docker-compose.yml', 'config', '--format', 'json'], ports)) as Written;
    expect(written.services).toMatchObject({
      'user-service': { container_name: 'user-service', ports: [{ published: '8000' }], volumes: [{ source: 'user_data' }] },
      'order-service': { container_name: 'order-service', ports: [{ published: '8001' }], volumes: [{ source: 'order_data' }] },
    });
    expect(written.services['order-service']?.environment['USER_SERVICE_URL']).toBe('http://user-service:8000');
    expect(Object.keys(written.volumes)).toEqual(['order_data', 'user_data']);
    expect(written.networks['microservices-network']?.name).toBe('microservices-network');
  });
});

interface Written {
  readonly services: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>> }>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly networks: Readonly<Record<string, { readonly name: string }>>;
}

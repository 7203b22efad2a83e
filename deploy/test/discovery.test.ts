import { builtInKinds, isBuiltInGroup } from '../src/cluster/built-in-kinds';
import { Discovery } from '../src/cluster/discovery';
import { describeWithControlPlane } from '../testing/use-control-plane';

describeWithControlPlane('the kinds that are known without asking', (at) => {
  it('are served as they are known', async () => {
    const cluster = at().plane.connect();
    try {
      const served = await new Discovery(cluster.connection).namespacedResources();
      for (const kind of builtInKinds.filter(({ namespaced }) => namespaced)) expect(served).toContainEqual(kind);
      for (const { apiVersion, plural, kind } of builtInKinds) {
        const path = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
        const { body } = await cluster.connection.call<{ kind: string }>({ method: 'GET', path: `${path}/${plural}`, query: { limit: '1' } });
        expect(body.kind).toBe(`${kind}List`);
      }
      const { body } = await cluster.connection.call<{ groups: readonly { name: string }[] }>({ method: 'GET', path: '/apis' });
      expect(body.groups.filter(({ name }) => !isBuiltInGroup(name))).toEqual([]);
    } finally {
      cluster.connection.close();
    }
  });
});

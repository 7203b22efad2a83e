import { SecretValues } from './secret-values';

const value = 'correct-horse-battery?é';
const secrets = new SecretValues();
secrets.add({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { password: value, flag: 'false?', bytes: '' } });

describe('values of Secrets in a text', () => {
  it.each(['', 'a', 'ab', 'abc', 'admin:', 'user:', 'x'.repeat(57)])('are hidden within base64 of more, such as a header for the user "%s"', (before) => {
    for (const encoding of ['base64', 'base64url'] as const)
      for (const after of ['', '!', '\n', ' and more']) {
        const encoded = Buffer.from(before + value + after).toString(encoding);
        const shown = secrets.hiddenIn(`authorization: Basic ${encoded}`);
        expect(shown).toContain('(secret)');
        // what is left is the others', and less than a character of the value's at each side
        const left = shown.replace('authorization: Basic ', '').split('(secret)');
        expect(Buffer.from(left[0]!, encoding).length).toBeLessThanOrEqual(before.length + 1);
        expect(Buffer.from(left[1]!, encoding).length).toBeLessThanOrEqual(Buffer.byteLength(after) + 1);
      }
  });

  it('are hidden line by line, as a log or a diff shows one of several lines', () => {
    const key = new SecretValues();
    key.add({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a' },
      stringData: { key: 'begin\n  MIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\nshort' },
    });
    expect(key.hiddenIn('+ begin\n+   MIIEvQIBADANBgkqhkiG9w0B\n+ AQEFAASCBKcwggSjAgEAAoIB\n+ AQEFAASCBKcw…')).toBe(
      '+ begin\n+   (secret)\n+ (secret)\n+ (secret)…',
    );
    expect(key.hiddenIn('a short one')).toBe('a short one');
  });

  it('hide nothing ordinary: a short one is only hidden in forms of all of it', () => {
    for (const text of ['false positives', Buffer.from('a:false?').toString('base64'), 'Y29ycmVjdA==']) expect(secrets.hiddenIn(text)).toBe(text);
  });

  describe('that are words which everybody may know', () => {
    const secret = (values: Record<string, string>, more = {}) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: values, ...more });
    const postgres = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'postgres', namespace: 'adva-four' }, data: { 'log-level': '1' } };
    const user = secret({ user: 'postgres\n', level: 'log-level', field: 'metadata', kind: 'ConfigMap', tls: 'false', namespace: 'adva-four' });
    const text = 'ConfigMap/adva-four/postgres: metadata, data.log-level: false → "cG9zdGdyZXM="';

    it.each([
      ['before', [user, postgres]],
      ['after', [postgres, user]],
    ])('are not hidden, where they are known %s what is called so', (_, objects) => {
      const some = new SecretValues();
      for (const object of objects) some.add(object);
      expect(some.hiddenIn(text)).toBe(text);
      expect(some.hiddenInBytes(text)).toBe(text);
    });

    it('are hidden until something is called so', () => {
      const some = new SecretValues();
      some.add(user);
      expect(some.hiddenIn('adva-four')).toBe('(secret)');
      some.except({ name: 'shop', namespace: 'adva-four' });
      expect(some.hiddenIn('adva-four/shop')).toBe('adva-four/shop');
    });

    it('are hidden outside of a name of which they are a part', () => {
      const some = new SecretValues();
      some.add(secret({ user: 'order', address: 'order-service-of-nobody' }));
      some.except({ kind: 'Deployment', name: 'order-service' });
      expect(some.hiddenIn('Deployment/order-service, order-service-5d8f: order, order-serviced, b3JkZXI=, order-service-of-nobody')).toBe(
        'Deployment/order-service, order-service-5d8f: (secret), (secret)-serviced, (secret), (secret)',
      );
      expect(some.hiddenInBytes('order-service order')).toBe('order-service (secret)');
    });

    it('are hidden outside of all of a field’s name', () => {
      const some = new SecretValues();
      some.add(secret({ key: 'canary' }, { fieldcanary: 1 }));
      expect(some.hiddenIn('.fieldcanary: field not declared in schema')).toBe('.field(secret): field not declared in schema');
    });

    it('are a token’s namespace, but not the token', () => {
      const some = new SecretValues();
      some.add(secret({ namespace: 'elsewhere', token: 'correct-horse' }, { type: 'kubernetes.io/service-account-token' }));
      expect(some.hiddenIn('elsewhere: correct-horse')).toBe('elsewhere: (secret)');
    });
  });

  it('are hidden as far as they are there, where a text was cut off within one', () => {
    expect(secrets.hiddenIn('it is correct-ho…')).toBe('it is (secret)…');
    expect(secrets.hiddenIn('"correct-horse…", then correct-hor… (40 characters)')).toBe('"(secret)…", then (secret)… (40 characters)');
    for (const text of ['corr…', 'correct-horse is a word…', 'correct-horse…@db:5432', '…']) expect(secrets.hiddenIn(text)).toBe(text);
  });

  it('are hidden each, though they be no text and look the same as one', () => {
    const some = new SecretValues();
    const values = ['80', '81'].map((byte) => Buffer.concat([Buffer.from('correct'), Buffer.from(byte, 'hex')]));
    some.add({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, data: Object.fromEntries(values.map((bytes, i) => [i, bytes.toString('base64')])) });
    for (const bytes of values) expect(some.hiddenIn(bytes.toString('hex'))).toBe('(secret)');
  });

  it('are hidden in bytes that are no text', () => {
    const bytes = Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from(value), Buffer.from([0x80])]).toString('latin1');
    expect(secrets.hiddenInBytes(bytes)).toBe('\u00ff\u00fe(secret)\u0080');
  });
});

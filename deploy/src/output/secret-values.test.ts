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

  it('are hidden as far as they are there, where a text was cut off within one', () => {
    expect(secrets.hiddenIn('it is correct-ho…')).toBe('it is (secret)…');
    expect(secrets.hiddenIn('"correct-horse…", then correct-hor… (40 characters)')).toBe('"(secret)…", then (secret)… (40 characters)');
    for (const text of ['corr…', 'correct-horse is a word…', 'correct-horse…@db:5432', '…']) expect(secrets.hiddenIn(text)).toBe(text);
  });

  it('are hidden in bytes that are no text', () => {
    const bytes = Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from(value), Buffer.from([0x80])]).toString('latin1');
    expect(secrets.hiddenInBytes(bytes)).toBe('\u00ff\u00fe(secret)\u0080');
  });
});

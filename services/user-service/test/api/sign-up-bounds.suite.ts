import { expectFaults } from '../../../service-kit/testing/api-expectations';
import { newEmail, type UsersInUse } from './users-in-use';

const label = 'l'.repeat(63);

/** An address of so many characters that nobody has yet: a local part of 64 and domain labels of at most 63. */
function emailOf(length: number): string {
  const local = newEmail().replace('@example.com', '').padEnd(64, 'x');
  return `${local}@${label}.${label}.${'l'.repeat(length - 64 - 1 - 128)}`;
}

let shortest = 'a'.charCodeAt(0);

const emails: readonly (readonly [string, () => string])[] = [
  ['3 characters', () => `${String.fromCharCode(shortest++)}@b`],
  ['255 characters', () => emailOf(255)],
  ['dots and a plus', () => `first.last+tag.${newEmail()}`],
  ['all the signs that RFC 5322 allows', () => `!#$%&'*+-/=?^_\`{|}~.${newEmail()}`],
  ['a domain with digits and dashes', () => newEmail().replace('example.com', '3-x.co-op.museum')],
  ['letters beyond ASCII', () => `jürgen.${newEmail().replace('example', 'exämple')}`],
];

const noEmails: readonly (readonly [string, unknown])[] = [
  ['nothing', ''],
  ['2 characters', '@b'],
  ['256 characters', emailOf(256)],
  ['no at', 'example.com'],
  ['two ats', 'a@b@example.com'],
  ['no local part', '@example.com'],
  ['no domain', 'abc@'],
  ['a space inside', 'a b@example.com'],
  ['spaces around', ' a@example.com '],
  ['a line end', 'a@example.com\n'],
  ['a header injection', 'a@example.com\r\nBcc: b@example.com'],
  ['two addresses', 'a@example.com,b@example.com'],
  ['a display name', 'Ada <a@example.com>'],
  ['a quoted local part', '"a b"@example.com'],
  ['a comment', 'a(comment)@example.com'],
  ['a dot at the start', '.a@example.com'],
  ['a dot at the end', 'a.@example.com'],
  ['two dots', 'a..b@example.com'],
  ['a label of 64', `a@${'l'.repeat(64)}.com`],
  ['a label that begins with a dash', 'a@-b.com'],
  ['a label that ends with a dash', 'a@b-.com'],
  ['an empty label', 'a@b..com'],
  ['a dot after the domain', 'a@b.com.'],
  ['an address in brackets', 'a@[127.0.0.1]'],
  ['NUL', 'a\u0000b@example.com'],
  ['a lone surrogate', 'a\ud800@example.com'],
  ['null', null],
  ['a number', 1],
  ['an object', { toString: 'a@example.com' }],
  ['an array', ['a@example.com']],
];

const names: readonly (readonly [string, string, string?])[] = [
  ['1 character', 'x'],
  ['255 characters', 'x'.repeat(255)],
  ['255 characters of two UTF-16 units each', '😀'.repeat(255)],
  ['255 characters and white space around', `\n  ${'é'.repeat(255)}\u00a0\t`, 'é'.repeat(255)],
  ['a tab and line ends inside', 'a\tb\r\nc'],
  ['markup, quotes and signs', `<b>O'Brien</b> "x" \\ \${1}; DROP TABLE users;--`],
  ['right-to-left and joined letters', 'مرحبا 👩‍👩‍👧 नमस्ते'],
];

const noNames: readonly (readonly [string, unknown])[] = [
  ['nothing', ''],
  ['white space', ' \t\n\u00a0\u2003'],
  ['256 characters', 'x'.repeat(256)],
  ['256 characters of two UTF-16 units each', '😀'.repeat(256)],
  ['NUL', 'a\u0000b'],
  ['a control character', 'a\u0007b'],
  ['DEL', 'a\u007fb'],
  ['a lone surrogate', 'a\udc00b'],
  ['null', null],
  ['a number', 5],
  ['true', true],
  ['an array', ['x']],
];

const ages: readonly (readonly [string, number | null])[] = [
  ['0', 0],
  ['150', 150],
  ['1.5e2', 150],
  ['30.0', 30],
  ['-0', 0],
  ['null', null],
];

const noAges = ['-1', '151', '1.5', '149.99999', '"30"', '""', 'true', '[]', '{}', '1e400', '-1e400', '9007199254740993', '1e-7'];

/** Each bound of a sign-up, at its edge and just beyond it. @param users - read when a test runs */
export function describeSignUpBounds(users: () => UsersInUse): void {
  const raw = (members: string) => users().api.send('POST', users().path, { raw: `{${members}}` });

  it.each(emails)('takes an e-mail address of %s', async (_what, make) => {
    const email = make();
    expect(await users().signUp({ email: users().path === '/users' && email.length === 3 ? `${email}c` : email })).toMatchObject({
      email: expect.stringContaining(email) as unknown,
    });
  });

  it.each(noEmails)('refuses an e-mail address of %s', async (_what, email) => {
    expectFaults(await users().api.post(users().path, { email, name: 'x' }), '#/email');
  });

  it.each(names)('takes a name of %s', async (_what, name, kept = name) => {
    const { id, name: answered } = await users().signUp({ name });
    expect([answered, (await users().read(id)).name]).toEqual([kept, kept]);
  });

  it.each(noNames)('refuses a name of %s', async (_what, name) => {
    expectFaults(await users().api.post(users().path, { email: newEmail(), name }), '#/name');
  });

  it.each(ages)('takes an age of %s', async (written, age) => {
    const reply = await raw(`"email":"${newEmail()}","name":"x","age":${written}`);
    expect([reply.status, reply.body.age]).toEqual([201, age]);
    expect(reply.text).toContain(`"age":${age}`);
  });

  it.each(noAges)('refuses an age of %s', async (written) => {
    expectFaults(await raw(`"email":"${newEmail()}","name":"x","age":${written}`), '#/age');
  });

  it.each(['id', 'created_at', 'updated_at', 'version', 'email_key', '__proto__', 'constructor', 'toString', 'Email', ''])(
    'refuses the unknown member "%s"',
    async (member) => {
      expectFaults(await raw(`"email":"${newEmail()}","name":"x",${JSON.stringify(member)}:{"id":7}`), `#/${member}`);
    },
  );

  it('takes the last of two members with one name, as JSON.parse does', async () => {
    const reply = await raw(`"email":"${newEmail()}","name":"x","name":"y"`);
    expect([reply.status, reply.body.name]).toEqual([201, 'y']);
  });
}

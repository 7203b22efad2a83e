import { emailKey } from './user';

const everyCharacter = Array.from({ length: 0x11_0000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));

/** The texts whose key is not that of their upper and lower case, of their decomposed form and of itself. */
const unstable = (texts: readonly string[]) =>
  texts.filter((text) => {
    const key = emailKey(text);
    const others = [text.toUpperCase(), text.toLowerCase(), text.normalize('NFD'), key];
    return key !== key.normalize('NFC') || others.some((other) => emailKey(other) !== key);
  });

describe('the key of an e-mail address', () => {
  it('is the same for an address and its upper case', () => {
    for (const text of ['ada@example.com', 'straße', 'µ', 'ſ', 'ı', 'ŉ', 'ϐ', 'ϑ', 'ẛ', 'ᾳ', 'ᲀ', 'ǰ', 'ẗ', 'ΐ', 'ὀδυσσεύς', 'ẞ', 'İ']) {
      expect([text, emailKey(text.toUpperCase())]).toEqual([text, emailKey(text)]);
    }
  });

  it('does not change with case or normal form, for every character that there is, alone and beside others', () => {
    expect(unstable(everyCharacter)).toEqual([]);
    expect(unstable(everyCharacter.map((character) => `a${character}b`))).toEqual([]);
  });

  it('does not for every letter with case and an accent on it, but for three whose upper case puts the accent on another letter', () => {
    const letters = everyCharacter.filter((character) => character.toLowerCase() !== character || character.toUpperCase() !== character);
    const accents = everyCharacter.slice(0x300, 0x370);
    const titleCase = ['ᾼ', 'ῌ', 'ῼ'].map((letter) => `${letter}\u0342`);
    expect(unstable(letters.flatMap((letter) => accents.map((accent) => (letter + accent).normalize('NFC'))))).toEqual(titleCase);
  });

  it('keeps different addresses apart', () => {
    const keys = ['a@b', 'á@b', 'ä@b', 'o@b', 'ø@b', 'д@b', 'л@b', 'あ@b', 'ア@b'].map(emailKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

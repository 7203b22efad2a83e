/** Whether the percent signs of a part of a URL are read back as UTF-8: https://www.rfc-editor.org/rfc/rfc3986#section-2.1 */
export function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

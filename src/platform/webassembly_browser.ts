/** Does nothing: a page cannot change its browser's features. */
export function allowRelaxedSimd(): void {}

export function enableWideSimd(): boolean {
  return false;
}

export function isWideSimdEnabled(): boolean {
  return false;
}

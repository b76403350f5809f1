/** A page has what its browser gives. */
export function allowRelaxedSimd(): void {}

export function enableWideSimd(): boolean {
  return false;
}

export function isWideSimdEnabled(): boolean {
  return false;
}

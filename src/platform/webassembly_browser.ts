/** A page has what its browser gives. */
export function allowRelaxedSimd(): void {}

/** Returns the licence section that THIRD_PARTY_NOTICES.md should contain, from the lock file. */
export function licenceSection(): string;
/** Returns the licence section that THIRD_PARTY_NOTICES.md contains. */
export function writtenSection(): string;

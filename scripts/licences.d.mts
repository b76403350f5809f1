/** What the lock file says of licences, as THIRD_PARTY_NOTICES.md should have it. */
export function licenceSection(): string;
/** The same as THIRD_PARTY_NOTICES.md has it. */
export function writtenSection(): string;

export const OPTION: string;
export function takeAttempts(): readonly string[];

/** What speaks for two records being one, and by how much; what speaks against it is below zero. */
export const weights = {
  contact: {
    same_email: 80,
    same_phone: 50,
    same_name: 50,
    similar_name: 30,
    same_company: 20,
    different_name: -30,
  },
  company: {
    same_domain: 70,
    same_name: 60,
    similar_name: 40,
    same_phone: 30,
    different_name: -20,
  },
} as const;

/** Kinds of records of which duplicates are found. */
export type MatchedKind = keyof typeof weights;

/** Why two records may be one. */
export type ReasonName = keyof typeof weights.contact | keyof typeof weights.company;

/** Fields that a reason tells of: who may not see one of them is not told the reason. */
export const fieldsOfReasons: Readonly<
  Record<MatchedKind, Readonly<Partial<Record<ReasonName, readonly string[]>>>>
> = {
  contact: {
    same_email: ['email'],
    same_phone: ['phone'],
    same_name: ['first_name', 'last_name'],
    similar_name: ['first_name', 'last_name'],
    // Told only beside a name, so it tells of the name too.
    same_company: ['company_id', 'first_name', 'last_name'],
    different_name: ['first_name', 'last_name'],
  },
  company: {
    same_domain: ['domain', 'website'],
    same_name: ['name'],
    similar_name: ['name'],
    same_phone: ['phone'],
    different_name: ['name'],
  },
};

/** From which score on two records are told to be duplicates, of 100. */
export const fewestPoints = 50;

/** The points of one reason. */
export function weightOf(kind: MatchedKind, reason: string): number {
  return new Map<string, number>(Object.entries(weights[kind])).get(reason) ?? 0;
}

/** The score of two records, 0 to 100: the sum of their reasons' points. */
export function scoreOf(kind: MatchedKind, reasons: readonly string[]): number {
  const sum = reasons.reduce((points, reason) => points + weightOf(kind, reason), 0);
  return Math.max(0, Math.min(100, sum));
}

/** The reasons that a caller is not told, from whom these fields are hidden. */
export function untoldReasons(kind: MatchedKind, hidden: ReadonlySet<string>): string[] {
  return Object.entries(fieldsOfReasons[kind]).flatMap(([reason, fields]) =>
    fields.some((field) => hidden.has(field)) ? [reason] : [],
  );
}

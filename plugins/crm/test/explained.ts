import type { Database } from '@orchestrall/sdk';

/** A step of a statement's plan. */
export interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** A database that explains each statement before it runs it, but those that explain themselves, and the steps of each. */
export function explained(real: Database): { readonly database: Database; readonly plans: Plan[][] } {
  const plans: Plan[][] = [];
  const database: Database = {
    ...real,
    async query(given, values) {
      const { sql, parameters } =
        typeof given === 'string' ? { sql: given, parameters: values ?? [] } : given;
      if (sql.startsWith('explain ')) return real.query(given, values);
      const [row] = await real.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (format json) ${sql}`,
        parameters,
      );
      if (row !== undefined) plans.push(nodesOf(row['QUERY PLAN'][0].Plan));
      return real.query(given, values);
    },
  };
  return { database, plans };
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

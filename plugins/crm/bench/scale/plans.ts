import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFolderDatabase } from '@orchestrall/core/testing';
import type { ApplianceProcess } from '../appliance-process.ts';
import { createPicker, createRandom } from './random.ts';
import type { RequestKind } from './requests.ts';

/** A step of a plan as `auto_explain` tells it. */
interface Step {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Plan Rows': number;
  readonly 'Total Cost': number;
  readonly Plans?: readonly Step[];
}

/** The statements of one kind of request. */
export interface RequestPlans {
  readonly name: string;
  /** Each plan as lines, a step a line, indented by its depth. */
  readonly plans: readonly (readonly string[])[];
  /** Tables of records that are read whole. */
  readonly scanned: readonly string[];
}

/** Tables that grow with the records. */
const large = /^(contacts|companies|deals|activities|activity_records|timeline_entries|search_words)$/;

/** Lets PostgreSQL log the plan of each statement from the next start of the product on. */
export async function logPlans(database: DataFolderDatabase): Promise<void> {
  const settings = {
    session_preload_libraries: `'auto_explain'`,
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_format': `'json'`,
  };
  await database.query(`load 'auto_explain'`);
  for (const [name, value] of Object.entries(settings))
    await database.query(`alter database orchestrall set ${name} = ${value}`);
}

/** Sends a request of each kind and reads the plans of its statements from the log of PostgreSQL. */
export async function readPlans(
  appliance: ApplianceProcess,
  role: string,
  kinds: readonly RequestKind[],
): Promise<RequestPlans[]> {
  const log = join(appliance.data, 'postgres', 'server.log');
  const found: RequestPlans[] = [];
  const headers = await appliance.authorization(role);
  for (const kind of kinds) {
    const path = kind.path(createPicker(createRandom(11)));
    const { size } = await stat(log);
    const response = await fetch(`${appliance.url}/api/v1/crm${path}`, { headers });
    await response.text();
    const said = (await readFile(log)).subarray(size).toString();
    const roots = plansIn(said);
    const steps = roots.flatMap(flat);
    const scanned = steps.flatMap((step) =>
      step['Node Type'] === 'Seq Scan' && large.test(step['Relation Name'] ?? '')
        ? [step['Relation Name'] ?? '']
        : [],
    );
    found.push({
      name: `${kind.name}, as ${role}`,
      plans: roots.map((root) => linesOf(root, 0)),
      scanned: [...new Set(scanned)],
    });
  }
  return found;
}

/** What is read of the plugin's records: neither the core's own statements nor those that write. */
function plansIn(said: string): Step[] {
  return [...said.matchAll(/ plan:\n((?:\t.*\n)+)/g)].flatMap(([, text = '']) => {
    const { 'Query Text': query, Plan: plan }: { 'Query Text': string; Plan: Step } = JSON.parse(
      text.replaceAll(/^\t/gm, ''),
    );
    const reads =
      /^\s*(select|with)\b/i.test(query) &&
      flat(plan).some((step) => large.test(step['Relation Name'] ?? ''));
    return reads ? [plan] : [];
  });
}

function flat(step: Step): Step[] {
  return [step, ...(step.Plans ?? []).flatMap(flat)];
}

function linesOf(step: Step, depth: number): string[] {
  const index = step['Index Name'];
  const relation = step['Relation Name'];
  const on = [
    index === undefined ? '' : ` by ${index}`,
    relation === undefined ? '' : ` on ${relation}`,
  ].join('');
  const line = `${'  '.repeat(depth)}${step['Node Type']}${on} (${step['Plan Rows']} rows, cost ${step['Total Cost']})`;
  return [line, ...(step.Plans ?? []).flatMap((below) => linesOf(below, depth + 1))];
}

/** `docs/reference/crm-plans.md`: the plans of one run. */
export function plansPage(contacts: number, found: readonly RequestPlans[]): string {
  const sections = found.map(
    ({ name, plans }) =>
      `## ${name}\n\n\`\`\`text\n${plans.map((lines) => lines.join('\n')).join('\n\n')}\n\`\`\`\n`,
  );
  return `# Plans of requests to CRM

Written by \`plugins/crm/bench/scale.bench.ts\` with ${contacts.toLocaleString('en')} contacts: how PostgreSQL reads
what lists, timelines, forecasts and searches ask for, with the rows and costs that it expects. A plan is a step with
the steps that feed it below; an index is named where one is read.

${sections.join('\n')}`;
}

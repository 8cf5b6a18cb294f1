import { Cron } from 'croner';
import { coreError } from '../../errors.ts';
import { messageOf } from '../../telemetry/error-message.ts';

/** What decides the instants of a schedule. */
export interface Plan {
  /** Name for errors. */
  readonly name: string;
  /** Cron, five or six fields (seconds first when six). */
  readonly cron: string;
  /** IANA zone. */
  readonly timeZone: string;
}

/**
 * The first instant of the plan strictly after `after`; undefined when it never comes again.
 * A fixed local time that a clock change leaves out comes at the first valid time after the gap, one that comes
 * twice counts once; plans with a wildcard or step run through gaps and overlaps by real time.
 * Throws `SCHEDULE_INVALID`.
 */
export function nextInstant(plan: Plan, after: Date): Date | undefined {
  return parse(plan).nextRun(after) ?? undefined;
}

/** Refuses a plan that cannot be read or never fires. Throws `SCHEDULE_INVALID`. */
export function checkPlan(plan: Plan, now: Date): void {
  if (nextInstant(plan, now) === undefined) throw invalid(plan, `\`${plan.cron}\` never fires`);
}

function parse(plan: Plan): Cron {
  if (!/^\S+(\s+\S+){4,5}$/.test(plan.cron.trim())) {
    throw invalid(plan, `\`${plan.cron}\` has not five or six fields`);
  }
  if (!isTimeZone(plan.timeZone)) throw invalid(plan, `no time zone is named \`${plan.timeZone}\``);
  try {
    return new Cron(plan.cron.trim(), { timezone: plan.timeZone, mode: '5-or-6-parts', paused: true });
  } catch (error) {
    throw invalid(plan, `\`${plan.cron}\` cannot be read: ${messageOf(error)}`, error);
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    // The only failure there is: a RangeError that says the zone is unknown.
    return false;
  }
}

function invalid(plan: Plan, reason: string, cause?: unknown): Error {
  return coreError('SCHEDULE_INVALID', { name: plan.name, reason }, cause);
}

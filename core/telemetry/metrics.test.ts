import { expect, test } from 'vitest';
import { Logs } from './logs.ts';
import { MetricsRegistry } from './metrics.ts';

function create(): { metrics: MetricsRegistry; lines: string[]; text: () => Promise<string> } {
  const lines: string[] = [];
  const logs = new Logs({ destination: { write: (line: string) => void lines.push(line) } });
  const metrics = new MetricsRegistry({ log: logs.logger('core.metrics') });
  return { metrics, lines, text: () => metrics.registry.metrics() };
}

test('generations of a plugin share their metrics, which leave with the last of them', async () => {
  const { metrics, text } = create();
  const first = metrics.open('my-crm');
  const declared = { name: 'imports_total', help: 'x', labels: ['status'] } as const;
  first.api.counter(declared).add(2, { status: 'done' });
  first.api.counter(declared).add(1, { status: 'done' });
  const second = metrics.open('my-crm');
  first.release();
  first.release();
  second.api.counter(declared).add(1, { status: 'done' });
  expect(await text()).toContain('orch_my_crm_imports_total{status="done"} 4');
  second.release();
  expect(await text()).not.toContain('orch_my_crm');
});

test('a metric declared anew with other labels replaces the former one', async () => {
  const { metrics, text } = create();
  metrics.open('crm').api.gauge({ name: 'open', help: 'x' }).set(3);
  metrics
    .open('crm')
    .api.gauge({ name: 'open', help: 'x', labels: ['kind'] })
    .set(4, { kind: 'a' });
  expect(await text()).toContain('orch_crm_open{kind="a"} 4');
});

test('label values beyond a thousand are counted as other, and said once', async () => {
  const { metrics, lines, text } = create();
  const histogram = metrics
    .open('crm')
    .api.histogram({ name: 'size', help: 'x', labels: ['id'], buckets: [1] });
  for (let id = 0; id < 1_200; id += 1) histogram.observe(1, { id: String(id) });
  expect(await text()).toContain('orch_crm_size_count{id="other"} 200');
  expect(lines).toHaveLength(1);
});

test('a name that is not snake_case is refused', () => {
  const { metrics } = create();
  expect(() => metrics.open('crm').api.counter({ name: 'Bad-Name', help: 'x' })).toThrow(TypeError);
});

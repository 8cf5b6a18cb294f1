import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { describeInBrowser, openBrowser } from '../../testing/browser.ts';

test('the type of every problem leads to its place on the page of errors, and / leads to the reference', async () => {
  await using world = await createTestAppliance();
  const errors = await fetch(`${world.url}/docs/errors`);
  expect(errors.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const page = await errors.text();
  for (const path of ['/nowhere', '/api/v1/system/plugins', '/api/v1/crm/contacts/x']) {
    const { type } = (await (await fetch(world.url + path)).json()) as { type: string };
    const [place, id] = type.split('#');
    expect([place, page.split(` id="${id}"`).length]).toEqual(['/docs/errors', 2]);
  }
  expect(page).toContain('<code>noun.past</code>');
  expect((await fetch(`${world.url}/`)).url).toBe(`${world.url}/docs`);
}, 60_000);

describeInBrowser('the reference page in a browser', () => {
  let world: TestAppliance;
  beforeAll(async () => {
    world = await createTestAppliance({ configuration: { features: { crm_integration: true } } });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('/docs shows the operations of core and plugins, asks nobody but the appliance, and logs no error', async () => {
    await using page = await openBrowser();
    const shows = async (text: string): Promise<void> => {
      const wait = { timeout: 60_000, interval: 250 };
      await expect.poll(() => page.evaluate('document.body.innerText'), wait).toContain(text);
    };
    await page.goTo(`${world.url}/docs`);
    await shows('Health of the appliance');
    // Operations are drawn when their group is opened or scrolled to.
    await page.goTo(`${world.url}/docs#tag/contacts`);
    await shows('POST\n/api/v1/crm/contacts\n');
    await shows(`${world.url}/api/v1/crm/contacts`);
    expect(page.errors).toEqual([]);
    expect(page.requested).toContain(`${world.url}/openapi.json`);
    expect(page.requested.filter((url) => !url.startsWith(`${world.url}/`))).toEqual([]);
  }, 200_000);
});

import { generateKeyPairSync } from 'node:crypto';
import { FaultPlan } from './faults.ts';
import { StandInOrg } from './org.ts';
import { startStandIn } from './server.ts';

// A program of its own, which says `ready <url>`: a local stand-in with a handful of records, not Salesforce. Its app is
// `app` with the secret `the-secret-of-the-app`. It ends with its input.
const org = new StandInOrg(Date.now() - 3_600_000);
org.create('User', { LastName: 'Lovelace', Username: 'ada@acme.example', IsActive: true });
const works = org.create('Account', { Name: 'Analytical Works', Website: 'www.works.example' });
org.create('Contact', {
  FirstName: 'Charles',
  LastName: 'Babbage',
  Email: 'charles@works.example',
  AccountId: works.id,
});
org.create('Contact', { FirstName: 'Mary', LastName: 'Somerville', Phone: '1', AccountId: works.id });
const clock = setInterval(() => org.advance(Math.max(0, Date.now() - org.nowMs)), 100);
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const app = {
  clientId: 'app',
  clientSecret: 'the-secret-of-the-app',
  username: 'sync@acme.example',
  audience: 'https://login.salesforce.com',
  publicKey,
};
const standIn = await startStandIn({ org, faults: new FaultPlan(), app });
process.stdout.write(`ready ${standIn.url}\n`);
process.stdin.resume();
for await (const _ of process.stdin);
clearInterval(clock);
await standIn[Symbol.asyncDispose]();

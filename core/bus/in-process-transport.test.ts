import { describeTransport } from '../testing/transport-conformance.ts';
import { createInProcessTransport } from './in-process-transport.ts';

describeTransport({
  name: 'in-process',
  crossesProcesses: false,
  open: async () => createInProcessTransport(),
});

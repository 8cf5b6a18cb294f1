// The second public door: what tests and benchmarks of plugins may import of the core.
export { createTestAppliance } from './appliance.ts';
export type { RequestOptions, TestAppliance, TestApplianceOptions } from './appliance.ts';
export { openDataFolder } from './bench/data-folder.ts';
export type { DataFolderDatabase } from './bench/data-folder.ts';
export { compared, figure, median, percentile, report } from './bench/measure.ts';
export type { BenchRow } from './bench/measure.ts';
export { productNodeOptions, startProcess } from './bench/started-process.ts';
export type { StartedProcess, StartOptions } from './bench/started-process.ts';
export { searchDatabase } from './database-search.ts';
export type { FoundText } from './database-search.ts';
export { createConsole, personToken, programToken } from './person.ts';
export type { Person } from './person.ts';
export { describeOnServers, testDatabase } from './postgres.ts';
export type { TestDatabase, TestDatabaseOptions } from './postgres.ts';
export type { TestServer } from './test-server.ts';

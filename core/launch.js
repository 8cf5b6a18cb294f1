// The way in. Plain JavaScript, so that an older Node can still say which one is needed.
import module from 'node:module';
import process from 'node:process';

const neededMajor = 24;

if (Number.parseInt(process.versions.node, 10) < neededMajor) {
  process.stderr.write(
    `Orchestrall needs Node ${neededMajor} or newer, and this is ${process.version}.\n` +
      'On Linux x64 and arm64 `npm ci` brings it along and `npm start` uses it; elsewhere install Node ' +
      `${neededMajor} and put it first on PATH.\n`,
  );
  process.exit(1);
}

// Compiled code is kept between starts, which halves the time to load it.
module.enableCompileCache();
const { useBundledDependencies } = await import('./kernel/dependencies/redirect.ts');
useBundledDependencies();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));

// After `npm ci`: puts the packages together, so that a start reads few files. Plain JavaScript, because an older Node
// may install. An install never fails for it: without the bundle, packages are loaded as they are.
import process from 'node:process';

if (Number.parseInt(process.versions.node, 10) >= 24) {
  try {
    const { bundleDependencies } = await import('./bundle.ts');
    await bundleDependencies();
  } catch (error) {
    process.stderr.write(`Packages could not be bundled, so starts take longer: ${String(error)}\n`);
  }
}

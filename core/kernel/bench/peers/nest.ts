// A NestJS application with one controller on Fastify. The decorators are called as functions, which is what a
// compiler makes of them; Node's type stripping does not take their syntax.
import module from 'node:module';
if (process.env['BENCH_COMPILE_CACHE'] === '1') module.enableCompileCache();
await import('reflect-metadata');
const { Controller, Get, Module } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
const { FastifyAdapter } = await import('@nestjs/platform-fastify');

class RecordsController {
  read(): object {
    return { id: 7 };
  }
}
const read = Object.getOwnPropertyDescriptor(RecordsController.prototype, 'read');
if (read === undefined) throw new TypeError('the controller has no method');
Get('api/v1/records/:id')(RecordsController.prototype, 'read', read);
Controller()(RecordsController);

// Nest wants a class for a module, however empty.
// oxlint-disable-next-line typescript/no-extraneous-class
class AppModule {}
Module({ controllers: [RecordsController] })(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter());
await app.listen(0, '127.0.0.1');
process.stdout.write(`ready at ${await app.getUrl()}\n`);

/** A bare Fastify that answers each body with itself: what receiving and answering costs alone. */
import fastify from 'fastify';

const app = fastify({ logger: false, bodyLimit: 32 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, body);
});
app.post('/invocations', (request, reply) => {
  void reply.header('content-type', 'application/json').send(request.body);
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });

/**
 * A bare Fastify around onnxruntime: JSON.parse, one run on the event loop, JSON.stringify; no signature, checks, batches,
 * deadline, metrics or log. What any server of this kind in Node costs at least.
 */
import fastify from 'fastify';
import { InferenceSession, Tensor } from 'onnxruntime-node';

interface Body {
  readonly dataframe_split: { readonly data: readonly (readonly number[])[] };
}

const [port = '', model = ''] = process.argv.slice(2);
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
const [input = ''] = session.inputNames;
const [output = ''] = session.outputNames;

const app = fastify({ logger: false, bodyLimit: 32 * 1024 * 1024 });
app.post<{ Body: Body }>('/invocations', async (request, reply) => {
  const { data } = request.body.dataframe_split;
  const cells = Float32Array.from(data.flat());
  const feeds = { [input]: new Tensor('float32', cells, [data.length, cells.length / data.length]) };
  const results = await session.run(feeds, [output]);
  const values = results[output]?.data as Iterable<number | bigint>;
  const predictions = Array.from(values, (value) => ({ [output]: Number(value) }));
  return reply.header('content-type', 'application/json').send(JSON.stringify({ predictions }));
});
await app.listen({ host: '127.0.0.1', port: Number(port) });

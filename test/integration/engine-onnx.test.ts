import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { onnxSpecimens } from '../support/onnx-specimens.ts';
import { engineSuite } from '../suites/engine.ts';

for (const isolation of ['thread', 'process'] as const) {
  engineSuite(`onnx, ${isolation} isolation`, () =>
    Promise.resolve({
      engine: createOnnxEngine({ workers: 1, isolation, clock: systemClock, logger: silentLogger }),
      specimens: onnxSpecimens,
      close: () => Promise.resolve(),
    }),
  );
}

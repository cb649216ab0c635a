import { encodeBytes, encodeNumber, encodeText, fieldsOf, int64sOf, joined, messagesOf } from './protobuf.ts';
import { textOf, textsOf } from './protobuf.ts';

/**
 * Field numbers of onnx.proto that are used here.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const model = { opset: 8, graph: 7 } as const;
const graph = { node: 1, initializer: 5, output: 12 } as const;
const node = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 } as const;
const attribute = { name: 1, ints: 8, strings: 9 } as const;
const tensor = { externalData: 13 } as const;
const opset = { domain: 1, version: 2 } as const;
const valueInfo = { name: 1, type: 2 } as const;
const type = { tensor: 1 } as const;
const tensorType = { element: 1 } as const;
const floatElement = 1;
/** Identity exists unchanged since then, and every onnxruntime has it. */
const identityOpset = 13;

export interface PreparedModel {
  /** The model with its ZipMaps cut; null when there were none, and the file can be used as it is. */
  readonly edited: Uint8Array | null;
  /** Labels of the classes, by the name of the output. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Names of files with weights beside the model. */
  readonly externalFiles: readonly string[];
  /** Types of the operators of the graph (after the cut), each once. */
  readonly operators: readonly string[];
}

/**
 * Makes a classifier as the converters of scikit-learn write it readable: its last node, ZipMap, turns a matrix
 * of probabilities into a list of maps, which onnxruntime-node cannot read. Such a node becomes an Identity, so
 * that the output of that name is the matrix itself; the labels of its columns are returned beside it.
 */
export function prepareModel(bytes: Uint8Array): PreparedModel {
  const [graphBytes] = [...messagesOf(bytes, model.graph)];
  if (graphBytes === undefined) return { edited: null, labels: {}, externalFiles: [], operators: [] };
  const outputs = new Set(
    [...messagesOf(graphBytes, graph.output)].map((info) => textOf(info, valueInfo.name)),
  );
  const nodes = [...messagesOf(graphBytes, graph.node)];
  const zipMaps = nodes.filter(
    (bytes) => textOf(bytes, node.opType) === 'ZipMap' && outputs.has(textOf(bytes, node.output)),
  );
  const kept = nodes.filter((bytes) => !zipMaps.includes(bytes));
  const operators = [...new Set(kept.map((bytes) => textOf(bytes, node.opType)))];
  const labels = Object.fromEntries(zipMaps.map((zip) => [textOf(zip, node.output), labelsOf(zip)]));
  const edited = zipMaps.length === 0 ? null : withGraph(bytes, cut(graphBytes, labels));
  return { edited, labels, externalFiles: externalFiles(graphBytes), operators };
}

function labelsOf(zipMap: Uint8Array): readonly string[] {
  for (const bytes of messagesOf(zipMap, node.attribute)) {
    const name = textOf(bytes, attribute.name);
    if (name === 'classlabels_strings') return textsOf(bytes, attribute.strings);
    if (name === 'classlabels_int64s') return int64sOf(bytes, attribute.ints).map(String);
  }
  return [];
}

function cut(graphBytes: Uint8Array, labels: PreparedModel['labels']): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { number, whole, value } of fieldsOf(graphBytes)) {
    if (number === graph.node && Object.hasOwn(labels, textOf(value, node.output))) {
      parts.push(encodeBytes(graph.node, identityFor(value)));
    } else if (number === graph.output && Object.hasOwn(labels, textOf(value, valueInfo.name))) {
      parts.push(encodeBytes(graph.output, floatTensor(textOf(value, valueInfo.name))));
    } else {
      parts.push(whole);
    }
  }
  return joined(parts);
}

function identityFor(zipMap: Uint8Array): Uint8Array {
  return joined([
    encodeText(node.input, textOf(zipMap, node.input)),
    encodeText(node.output, textOf(zipMap, node.output)),
    encodeText(node.name, textOf(zipMap, node.name)),
    encodeText(node.opType, 'Identity'),
  ]);
}

function floatTensor(name: string): Uint8Array {
  const element = encodeBytes(type.tensor, encodeNumber(tensorType.element, floatElement));
  return joined([encodeText(valueInfo.name, name), encodeBytes(valueInfo.type, element)]);
}

/** The model with another graph. Identity needs the standard operators, which a model of ai.onnx.ml may lack. */
function withGraph(bytes: Uint8Array, newGraph: Uint8Array): Uint8Array {
  const domains = [...messagesOf(bytes, model.opset)].map((entry) => textOf(entry, opset.domain));
  const standard = domains.some((domain) => domain === '' || domain === 'ai.onnx');
  const parts = [...fieldsOf(bytes)].map(({ number, whole }) =>
    number === model.graph ? encodeBytes(model.graph, newGraph) : whole,
  );
  if (!standard) parts.push(encodeBytes(model.opset, encodeNumber(opset.version, identityOpset)));
  return joined(parts);
}

function externalFiles(graphBytes: Uint8Array): readonly string[] {
  const files = new Set<string>();
  for (const initializer of messagesOf(graphBytes, graph.initializer)) {
    for (const entry of messagesOf(initializer, tensor.externalData)) {
      if (textOf(entry, 1) === 'location') files.add(textOf(entry, 2));
    }
  }
  return [...files];
}

#!/bin/sh
# Everything that is asked of a real GPU, in one command: ratios to onnxruntime-node and TensorFlow.js at batch 1 and 32, the share of
# the measured multiply-add peak, every convolution variant with its error, the roofline, the way of computing each convolution that is
# fastest there, and what 16-bit weights and matrix hardware gain and cost. Writes into results/.
set -eu
cd "$(dirname "$0")/.."
node scripts/build.mjs
node dist/cli.js bench --adapter gpu --variant all --out results/gpu.kernels.json --roofline results/gpu.roofline.svg
node dist/cli.js bench model resnet152 --adapter gpu --no-tuning --out results/gpu.resnet152.untuned.json
node dist/cli.js tune resnet152 --adapter gpu --batch 1 32 --out results/gpu.tuning.json
node dist/cli.js bench model resnet152 --adapter gpu --by-layer --out results/gpu.resnet152.json
node dist/cli.js bench model resnet152 --adapter gpu --batch 32 --by-layer --out results/gpu.resnet152.batch32.json
for batch in 1 32; do
  node dist/cli.js bench model resnet152 --adapter gpu --half weights --batch $batch --out results/gpu.resnet152.half_weights.batch$batch.json
done
# Not every GPU exposes its matrix hardware.
if node dist/cli.js bench conv2d --adapter gpu --subgroup-matrix --variant "subgroup matrix" --out results/gpu.matrix.kernels.json; then
  for batch in 1 32; do
    node dist/cli.js bench model resnet152 --adapter gpu --half products --batch $batch --out results/gpu.resnet152.half_products.batch$batch.json
  done
fi
npm run bench:peers -- --adapter gpu --models resnet152 --batch 1,32 --out results/gpu.peers.json
# From files to features; XRAYS names a folder of some thousand images.
node dist/cli.js bench features resnet152 "${XRAYS:-sample/chest_xray}" --adapter gpu --out results/gpu.features.json

#!/bin/sh
# Measures the adapters that every machine has and writes to results/: kernels, roofline, ResNet-50 and -152 by layer,
# and ratios to other engines. Takes an hour on two otherwise idle cores, mostly for SwiftShader. Arguments select
# adapters: wasm1 wasm2 swiftshader (all by default). Two more run only on request: lavapipe, which VK_ICD_FILENAMES
# must name, and wide (256-bit SIMD on two threads), which needs Node 24 to 26:
#   npx -p node@26 -- sh scripts/measure.sh wide
set -eu
cd "$(dirname "$0")/.."
node scripts/build.mjs
mkdir -p results

measure() { # the name, then the options that select the adapter
  name=$1
  shift
  node dist/cli.js bench "$@" --markdown --out "results/$name.kernels.json" --roofline "results/$name.roofline.svg"
  for model in resnet50 resnet152; do
    node dist/cli.js bench model "$model" "$@" --by-layer --out "results/$name.$model.json"
  done
}

for name in "${@:-all}"; do
  case $name in
    wasm1 | all)
      measure wasm1 --adapter wasm --threads 1 --no-wide-simd
      node peers/run.mjs --adapter wasm --threads 1 --no-wide-simd --out results/wasm1.peers.json
      ;;
  esac
  case $name in
    wasm2 | all)
      measure wasm2 --adapter wasm --threads 2 --no-wide-simd
      node peers/run.mjs --adapter wasm --threads 2 --no-wide-simd --out results/wasm2.peers.json
      node dist/cli.js bench features resnet50 "${XRAYS:-sample/chest_xray}" --adapter wasm --threads 2 --no-wide-simd --out results/wasm2.features.json
      ;;
  esac
  case $name in
    wide)
      measure wide --adapter wasm --threads 2
      node peers/run.mjs --adapter wasm --threads 2 --out results/wide.peers.json
      ;;
  esac
  case $name in
    swiftshader | all)
      measure swiftshader --adapter swiftshader
      node peers/run.mjs --adapter swiftshader --models resnet50 --rounds 5 --out results/swiftshader.peers.json
      ;;
  esac
  case $name in
    lavapipe)
      measure lavapipe --adapter swiftshader
      node peers/run.mjs --adapter lavapipe --models resnet152 --rounds 5 --out results/lavapipe.peers.json
      ;;
  esac
done

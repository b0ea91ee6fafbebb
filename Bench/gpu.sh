#!/usr/bin/env bash
# Measures a GPU on a machine that has its driver and nothing else: no SDK, no network.
set -euo pipefail

usage() {
  cat >&2 <<'TEXT'
usage: gpu.sh publish FILE.tar.gz    where the SDK is: packs the benchmark, with its runtime, into a folder named gpu
       gpu/gpu.sh run OUT [DEVICE]   where the GPU is, unpacked: checks and times it (cuda, or another that the benchmark
                                     takes); OUT gets gpu.md, start.txt, torch.md and nvidia-smi.txt
TEXT
  exit 64
}

here=$(cd "$(dirname "$0")" && pwd)
case "${1-} $#" in
  "publish 2")
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    dotnet publish "$here" -c Release -r linux-x64 --self-contained -o "$work/gpu" -p:DebugType=none -p:SatelliteResourceLanguages=en
    cp "$here/gpu.sh" "$here/Peers/torch_branch.py" "$work/gpu"
    tar -czf "$2" -C "$work" gpu
    ls -l "$2"
    ;;
  "run 2" | "run 3")
    device=${3-cuda} failed=0
    mkdir -p "$2"
    if command -v nvidia-smi > "$2/nvidia-smi.txt"; then nvidia-smi >> "$2/nvidia-smi.txt" || true; fi
    # Drivers keep the kernels that they compile; the first start shall find none.
    cache=$(mktemp -d)
    trap 'rm -rf "$cache"' EXIT
    export CUDA_CACHE_PATH=$cache POCL_CACHE_DIR=$cache
    "$here/SiamIlgpu.Bench" gpu --device "$device" | tee "$2/gpu.md" || failed=$?
    for network in siamfc cfnet-conv2; do
      "$here/SiamIlgpu.Bench" start --runs 7 --network $network --device "$device"
      "$here/SiamIlgpu.Bench" start --runs 3 --network $network --device "$device" --empty-cache
    done | tee "$2/start.txt" || failed=$?
    if python3 -c 'import torch' 2> /dev/null; then
      python3 "$here/torch_branch.py" | tee "$2/torch.md" || failed=$?
    else
      echo "no PyTorch: nothing to compare with" | tee "$2/torch.md"
    fi
    exit "$failed"
    ;;
  *) usage ;;
esac

#!/usr/bin/env python3
"""Times SiamFC's and CFNet-conv2's search branch, and whole tracked frames, in PyTorch on an NVIDIA GPU.

The same layers, crops and scales as `SiamIlgpu.Bench gpu` times; random filters, batch norms folded into them (bias and ReLU
follow each convolution). Branches: cuDNN chooses its algorithms (cudnn.benchmark), once launched layer by layer, once as a CUDA
graph, by CUDA events. Frames: as trackers are written in PyTorch, eagerly, with the copy of the frame and the peak's .item().
Prints Markdown. Ends with 3 where PyTorch or a GPU is missing.
"""
import argparse
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as error:
    print(f"torch_branch.py: PyTorch is missing ({error}); nothing was measured", file=sys.stderr)
    sys.exit(3)

SEARCH, WIDTH, HEIGHT, TARGET = 255, 480, 360, (60, 50)
PASSES, FRAMES = 20, 300


def conv(inputs, outputs, size, stride=1, groups=1, relu=True):
    layer = nn.Conv2d(inputs, outputs, size, stride, groups=groups)
    return [layer, nn.ReLU(inplace=True)] if relu else [layer]


# From Weights/NetworkDefinition.Known.cs; the tracker's numbers from Engine/Tracking/TrackerOptions.cs.
NETWORKS = {
    "siamfc": dict(
        layers=lambda: [*conv(3, 96, 11, 2), nn.MaxPool2d(3, 2), *conv(96, 256, 5, groups=2), nn.MaxPool2d(3, 2), *conv(256, 384, 3),
                        *conv(384, 384, 3, groups=2), *conv(384, 256, 3, groups=2, relu=False)],
        exemplar=127, upsampling=16, step=1.0375, penalty=0.9745, window=0.176, rate=0),
    "cfnet-conv2": dict(
        layers=lambda: [*conv(3, 96, 11, 2), nn.MaxPool2d(3, 2), *conv(96, 32, 5, groups=2)],
        exemplar=255, upsampling=8, step=1.0575, penalty=0.9780, window=0.2625, rate=0.005, margin=16, ridge=10.0),
}


def set_tf32(on):
    conv_settings = getattr(torch.backends.cudnn, "conv", None)
    if hasattr(conv_settings, "fp32_precision"):
        conv_settings.fp32_precision = "tf32" if on else "ieee"
    else:
        torch.backends.cudnn.allow_tf32 = on


def percentiles(values):
    values = sorted(values)
    return [values[round(share * (len(values) - 1))] for share in (0.5, 0.1, 0.9)]


def time_passes(run, rounds):
    """Milliseconds of one pass, by events around many."""
    for _ in range(PASSES):
        run()
    times = []
    for _ in range(rounds):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(PASSES):
            run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / PASSES)
    return percentiles(times)


def as_graph(run):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


class Tracker:
    """A tracker's frame as it is written in PyTorch; the target stays where it is, as its filters are random."""

    def __init__(self, branch, network, memory_format):
        self.branch, self.network, self.format = branch, network, memory_format
        self.frame = torch.randint(0, 256, (HEIGHT, WIDTH, 3), dtype=torch.uint8).pin_memory()
        width, height = TARGET
        context = (width + height) / 2
        self.side = ((width + context) * (height + context)) ** 0.5
        image = self.upload()
        self.template = self.make_template(image)
        cells = self.respond(self.search_crops(image)).shape[-1] * network["upsampling"]
        hann = torch.hann_window(cells, periodic=False, device="cuda")
        self.window = torch.outer(hann, hann) / (hann.sum() ** 2)

    def upload(self):
        return self.frame.to("cuda", non_blocking=True).permute(2, 0, 1).unsqueeze(0).float()

    def crop(self, image, side, size):
        side = round(side)
        left, top = (WIDTH - side) // 2, (HEIGHT - side) // 2
        if top < 0 or left < 0:
            pad = max(-top, -left)
            image = F.pad(image, (pad, pad, pad, pad), value=128.0)
            left, top = left + pad, top + pad
        part = image[:, :, top:top + side, left:left + side]
        return F.interpolate(part, size=(size, size), mode="bicubic", align_corners=False)

    def search_crops(self, image):
        side = self.side * SEARCH / self.network["exemplar"]
        crops = [self.crop(image, side * self.network["step"] ** i, SEARCH) for i in (-1, 0, 1)]
        return torch.cat(crops).contiguous(memory_format=self.format)

    def make_template(self, image):
        exemplar = self.crop(image, self.side, self.network["exemplar"])
        features = self.branch(exemplar.contiguous(memory_format=self.format))
        if "ridge" not in self.network:
            return features
        # Ridge regression per frequency, all channels at once (Valmadre et al. 2017).
        m = features.shape[-1]
        place = torch.arange(m, device="cuda", dtype=torch.float32)
        place = torch.minimum(place, m - place)
        bump = torch.exp(-place * place / 8)
        target = torch.fft.rfft2(torch.outer(bump, bump))
        window = torch.outer(torch.hann_window(m, device="cuda"), torch.hann_window(m, device="cuda"))
        spectrum = torch.fft.rfft2(features * window)
        energy = (spectrum * spectrum.conj()).real.sum(1, keepdim=True) / (m * m) + self.network["ridge"]
        filters = torch.fft.irfft2(spectrum * (target.conj() / energy) / (m * m), s=(m, m))
        margin = self.network["margin"]
        return filters[:, :, margin:m - margin, margin:m - margin].contiguous()

    def respond(self, crops):
        features = self.branch(crops)
        count, channels, height, width = features.shape
        templates = self.template.shape[0]
        features = features.reshape(-1, templates * channels, height, width)
        return F.conv2d(features, self.template, groups=templates).reshape(count, 1, -1, features.shape[-1] - self.template.shape[-1] + 1)

    def update(self):
        network = self.network
        image = self.upload()
        responses = self.respond(self.search_crops(image)) * 1e-3
        maps = F.interpolate(responses, scale_factor=network["upsampling"], mode="bicubic", align_corners=False)[:, 0]
        peaks = maps.amax((1, 2))
        peaks[[0, 2]] *= network["penalty"]
        best = maps[peaks.argmax().item()]
        best = best - best.min()
        best = best / best.sum()
        best = (1 - network["window"]) * best + network["window"] * self.window
        place = best.argmax().item()
        if network["rate"] > 0:
            self.template = (1 - network["rate"]) * self.template + network["rate"] * self.make_template(image)
        return place


def measure_branches(name, batch, rounds):
    print(f"| {name} search branch, {batch} x {SEARCH}x{SEARCH} | products | channels | launches | ms | 10 % .. 90 % |")
    print("|---|---|---|---|---|---|")
    for tf32 in (False, True):
        set_tf32(tf32)
        for layout, memory_format in (("planar", torch.contiguous_format), ("interleaved", torch.channels_last)):
            branch = nn.Sequential(*NETWORKS[name]["layers"]()).cuda().eval().to(memory_format=memory_format)
            images = torch.rand(batch, 3, SEARCH, SEARCH, device="cuda").mul_(255).contiguous(memory_format=memory_format)
            for how, run in (("one by one", lambda: branch(images)), ("CUDA graph", None)):
                run = run or as_graph(lambda: branch(images))
                median, low, high = time_passes(run, rounds)
                row = f"{name} | {'Tf32' if tf32 else 'Float32'} | {layout} | {how}"
                print(f"| {row} | {median:.4f} | {low:.4f} .. {high:.4f} |", flush=True)
    print()


def measure_frames(name):
    print(f"| {name} frame, {WIDTH}x{HEIGHT} | products | channels | ms | 10 % .. 90 % | frames/s |")
    print("|---|---|---|---|---|---|")
    for tf32 in (False, True):
        set_tf32(tf32)
        for layout, memory_format in (("planar", torch.contiguous_format), ("interleaved", torch.channels_last)):
            branch = nn.Sequential(*NETWORKS[name]["layers"]()).cuda().eval().to(memory_format=memory_format)
            tracker = Tracker(branch, NETWORKS[name], memory_format)
            times = []
            for frame in range(-20, FRAMES):
                start = time.perf_counter()
                tracker.update()
                if frame >= 0:
                    times.append(1000 * (time.perf_counter() - start))
            torch.cuda.synchronize()
            median, low, high = percentiles(times)
            row = f"{name} | {'Tf32' if tf32 else 'Float32'} | {layout}"
            print(f"| {row} | {median:.3f} | {low:.3f} .. {high:.3f} | {1000 / median:.0f} |", flush=True)
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--batch", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        print("torch_branch.py: PyTorch finds no CUDA GPU; nothing was measured", file=sys.stderr)
        return 3
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(2016)
    versions = f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    print(f"## {versions}, {torch.cuda.get_device_name()}\n")
    with torch.inference_mode():
        for name in arguments.network:
            measure_branches(name, arguments.batch, arguments.rounds)
        for name in arguments.network:
            measure_frames(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

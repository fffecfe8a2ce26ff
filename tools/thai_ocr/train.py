"""Train the recogniser on shards of `lines.py`; stop and start it as you like.

    python train.py SHARDS RUN --steps 14000 [--watch TREE ...] [--start OTHER/best.pt]

RUN holds checkpoint.pt (to go on from), best.pt (averaged weights with the lowest error on the
held-back shards) and log.jsonl (the learning curve). Shards may still be written while it runs:
each round takes those used least, as many Thai as Western ones. `--start` begins with the weights
of another training, also of one with fewer classes or contexts. On a CPU it computes in bfloat16
where the processor can.
"""

import argparse
import copy
import json
import math
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import torch
from alphabet import CLASSES, decode, encode
from evaluate import bare, batched, crops_of
from lines import WESTERN
from model import STEP_PX, Recogniser
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from torch import nn

HELD_BACK = {"held_back": 99_999, "held_back_western": 89_999}
"""Numbers of the shards that are measured on, never trained on."""
SHARDS_OF_A_KIND = 2
"""So many Thai and so many Western shards are mixed in a round."""
BATCH_PX = 6144
"""Width of all lines of a batch together."""
HELD_BACK_LINES = 800
AVERAGING = 0.9985
"""Share of the old average that one step keeps."""
WARM_UP = 400
MEASURE_EVERY = 1000
SAVE_EVERY = 250
Grey = NDArray[np.uint8]


def load_shard(path: Path) -> tuple[list[Grey], list[str]]:
    """Read a shard's crops and texts."""
    with np.load(path) as data:
        edges = np.concatenate([[0], np.cumsum(data["widths"])])
        pixels, said = data["pixels"], data["texts"].tolist()
    return [pixels[:, a:b] for a, b in pairwise(edges)], said


def rounds(
    folder: Path, uses: Counter[str], rng: random.Random
) -> Iterator[tuple[Grey, list[int], list[list[int]]]]:
    """Give batches for ever: (N, 48, W) pixels, useful steps of each row, its classes."""
    while True:
        names = [p.name for p in folder.glob("*.npz") if int(p.stem) not in HELD_BACK.values()]
        rng.shuffle(names)
        names.sort(key=lambda n: uses[n])
        western = [name for name in names if int(name[:5]) in WESTERN]
        thai = [name for name in names if name not in western]
        crops: list[Grey] = []
        said: list[str] = []
        for name in thai[:SHARDS_OF_A_KIND] + western[:SHARDS_OF_A_KIND]:
            uses[name] += 1
            more, texts = load_shard(folder / name)
            first = uses[name] == 1
            crops += [c if first else varied(c, rng) for c in more]
            said += texts
        batches = batched(crops, BATCH_PX)
        rng.shuffle(batches)
        for group, block in batches:
            steps = [-(-crops[i].shape[1] // 16) * 16 // STEP_PX for i in group]
            yield block, steps, [encode(said[i]) for i in group]


def varied(crop: Grey, rng: random.Random) -> Grey:
    """Change a crop a little, so that a second look is not the same."""
    out = crop
    if rng.random() < 0.5:
        width = max(8, round(out.shape[1] * rng.uniform(0.88, 1.12)))
        out = np.asarray(cv2.resize(out, (width, 48)), np.uint8)
    if rng.random() < 0.6:
        move = np.array(
            [[1, rng.uniform(-0.1, 0.1), 0], [0, rng.uniform(0.92, 1.06), rng.uniform(-2, 3)]],
            np.float32,
        )
        out = np.asarray(
            cv2.warpAffine(out, move, (out.shape[1], 48), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    if rng.random() < 0.6:
        out = np.asarray(
            cv2.convertScaleAbs(out, alpha=rng.uniform(0.6, 1.1), beta=rng.uniform(-10, 60)),
            np.uint8,
        )
    if rng.random() < 0.15:
        out = np.asarray(cv2.GaussianBlur(out, (3, 3), 0), np.uint8)
    return out


@dataclass(slots=True)
class Run:
    """One training, as far as it has come.

    Attributes:
        folder: Where it keeps its files.
        model: The network that learns.
        averaged: Its moving average, which is what is shipped.
        optimiser: AdamW over the network's weights.
        step: Batches learnt from.
        best: Lowest error on the held-back shard.
        uses: How often each shard was gone through.
        seconds: Time spent in earlier sittings.
    """

    folder: Path
    model: Recogniser
    averaged: Recogniser
    optimiser: torch.optim.Optimizer
    step: int = 0
    best: float = math.inf
    uses: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @classmethod
    def open(cls, folder: Path, rate: float, start: Path | None) -> Self:
        """Begin a training, or go on with the one in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        model = Recogniser(CLASSES)
        if start:
            inherit(model, torch.load(start, weights_only=True))
        # torch's stubs lack this form of `to`; it halves the time of a convolution.
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        groups = [
            {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.02},
            {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
        run = cls(folder, model, copy.deepcopy(model), optimiser)
        if run.checkpoint.exists():
            state = torch.load(run.checkpoint, weights_only=True)
            model.load_state_dict(state["model"])
            run.averaged.load_state_dict(state["averaged"])
            optimiser.load_state_dict(state["optimiser"])
            run.step, run.best, run.seconds = state["step"], state["best"], state["seconds"]
            run.uses = Counter(state["uses"])
        return run

    @property
    def checkpoint(self) -> Path:
        """The file to go on from."""
        return self.folder / "checkpoint.pt"

    def save(self, seconds: float) -> None:
        """Write the checkpoint; `seconds` of this sitting are added to the earlier ones."""
        temporary = self.checkpoint.with_suffix(".part")
        state = {
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "best": self.best,
            "uses": dict(self.uses),
            "seconds": self.seconds + seconds,
        }
        torch.save(state, temporary)
        temporary.rename(self.checkpoint)

    def learn(self, block: Grey, steps: list[int], classes: list[list[int]], rate: float) -> float:
        """Learn from one batch of (N, 48, W) pixels; gives its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16):
            scores = self.model(_tensor(block))
        loss = nn.functional.ctc_loss(
            scores.float().log_softmax(1).permute(2, 0, 1),
            torch.tensor([c for row in classes for c in row]),
            torch.tensor(steps),
            torch.tensor([len(row) for row in classes]),
            zero_infinity=True,
        )
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self._average()
        return float(loss.item())

    def _average(self) -> None:
        keep = min(AVERAGING, (1 + self.step) / (20 + self.step))
        pairs = zip(
            self.averaged.state_dict().values(), self.model.state_dict().values(), strict=True
        )
        with torch.no_grad():
            for mine, theirs in pairs:
                if mine.dtype.is_floating_point:
                    mine.lerp_(theirs, 1 - keep)
                else:
                    mine.copy_(theirs)


def inherit(model: Recogniser, weights: dict[str, torch.Tensor]) -> None:
    """Begin with the weights of a training that may have had fewer classes or contexts.

    The space stays the last class; a context that is new adds nothing at first.
    """
    own = model.state_dict()
    for name, old in weights.items():
        new = own[name]
        if new.shape == old.shape:
            new.copy_(old)
        else:
            new[: len(old) - 1] = old[:-1]
            new[-1] = old[-1]
            if new.ndim == 1:
                new[len(old) - 1 : -1] = old.min()
    for name, new in own.items():
        if name not in weights and ".mix.4." in name:
            new.zero_()


def read(model: nn.Module, pixels: list[Grey]) -> list[str]:
    """Read crops with a model in training."""
    model.eval()
    out = [""] * len(pixels)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for group, block in batched(pixels):
            paths = model(_tensor(block)).argmax(1)
            for i, path in zip(group, paths.tolist(), strict=True):
                out[i] = decode(path)
    return out


def error_rate(read_: list[str], said: list[str], *, spaces: bool) -> float:
    """Character errors to characters; white space counts only where it is not free."""
    pairs = list(zip(said, read_, strict=True))
    if not spaces:
        pairs = [(bare(want), bare(got)) for want, got in pairs]
    errors = sum(min(Levenshtein.distance(a, b), len(a)) for a, b in pairs)
    return errors / max(1, sum(len(a) for a, _ in pairs))


def rate_at(step: int, steps: int, top: float) -> float:
    """Learning rate: a short rise, then half a cosine down to almost nothing."""
    return (
        top * min(1, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-6
    )


def train(given: argparse.Namespace) -> None:
    """Train to the last step."""
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    cv2.setNumThreads(1)
    run = Run.open(given.run, given.rate, given.start)
    watched = {}
    for name, number in HELD_BACK.items():
        pixels, said = load_shard(given.shards / f"{number:05d}.npz")
        watched[name] = (pixels[:HELD_BACK_LINES], said[:HELD_BACK_LINES])
    for tree in given.watch:
        crops = crops_of(tree)
        watched[tree.name] = ([c.pixels for c in crops], [c.text for c in crops])
    rng = random.Random(f"{given.seed}/{run.step}")  # noqa: S311 - an order, not a secret
    losses: list[float] = []
    seen, started = 0, time.monotonic()
    for block, steps, classes in rounds(given.shards, run.uses, rng):
        if run.step >= given.steps:
            break
        rate = rate_at(run.step, given.steps, given.rate)
        losses.append(run.learn(block, steps, classes, rate))
        seen += len(block)
        last = run.step == given.steps
        spent = time.monotonic() - started
        if run.step % MEASURE_EVERY == 0 or last:
            row = {
                "step": run.step,
                "loss": float(np.mean(losses)),
                "rate": rate,
                "lines_a_second": seen / spent,
                "seconds": run.seconds + spent,
                "shards": len(run.uses),
            }
            row |= {
                name: error_rate(read(run.averaged, pixels), said, spaces="western" in name)
                for name, (pixels, said) in watched.items()
            }
            losses = []
            with (run.folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(row) + "\n")
            print(json.dumps({k: round(v, 5) for k, v in row.items()}), flush=True)
            error = sum(row[name] for name in HELD_BACK)
            if error < run.best:
                run.best = error
                torch.save(run.averaged.state_dict(), run.folder / "best.pt")
        if run.step % SAVE_EVERY == 0 or last:
            run.save(spent)


def _tensor(block: Grey) -> torch.Tensor:
    grey = torch.from_numpy(block).unsqueeze(1).float().div_(127.5).sub_(1)
    return grey.to(memory_format=torch.channels_last)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shards", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int, default=14_000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--watch", type=Path, nargs="*", default=[], help="trees to measure on as well"
    )
    train(parser.parse_args())


if __name__ == "__main__":
    main()

"""The sections made of pictures: every class, the game through training, the nearest pairs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.report.markup import Html, element, fragment, named
from ganaug.report.pictures import sheet, stored_picture
from ganaug.report.run import Draw, Run, images

COLUMNS = 5  # tiles beside each other
LINES = 4  # of tiles for a class, fewer where there are many classes
REASON_WORDS = {
    "low_confidence": "not clearly of its class",
    "low_realism": "judged unreal by D",
    "copy": "copies of a training row",
    "over_quota": "beyond the quota",
}
PAIRS = 12
FRAMES = 10
FRAME_PIXELS = 480
PIXEL_BYTES = 1_400_000  # in all the class pictures together, before compression
MIN_TILE, MAX_TILE = 16, 64  # pixels of a tile's longer side


def classes_section(run: Run) -> Html:
    """Real, kept and dropped rows of the first draw, class by class, in file order."""
    draw = run.draws[0]
    cards = [_class_card(run, draw, code, name) for code, name in enumerate(run.schema.classes)]
    return element(
        "section",
        element("h2", "Real and synthetic rows, class by class"),
        element(
            "p",
            f"Draw {draw.number}. The first rows of each class in file order, not picked by eye. "
            "Real rows are the training rows that the GAN saw; kept rows passed the selection; dropped rows are shown with the reason.",
        ),
        *cards,
        id="classes",
    )


def game_section(run: Run) -> Html | None:
    """Sample grids of the first draw through training; None where training left no grids."""
    draw = run.draws[0]
    if not draw.grids:
        return None
    chosen = sorted({round(at) for at in np.linspace(0, len(draw.grids) - 1, min(FRAMES, len(draw.grids)))})
    last = int(draw.history["step"].iloc[-1])
    frames = []
    for at in chosen:
        step, path = draw.grids[at]
        caption = fragment([element("b", f"Step {step:,}"), f" of {last:,}. {_scores_at(draw.history, step)}"])
        picture = stored_picture(path, FRAME_PIXELS)
        alt = f"Grid of generated rows at training step {step}"
        frames.append(element("figure", picture.img(alt), element("figcaption", caption), data_step=f"step {step}"))
    slider = element(
        "input", type="range", class_="slider", min=0, max=len(frames) - 1, value=len(frames) - 1, aria_label="Training step"
    )
    return element(
        "section",
        element("h2", "The game, through training"),
        element(
            "p",
            f"Draw {draw.number}. What the generator made from the same noise as it learned to be taken for real.",
        ),
        element("div", slider, element("div", *frames, class_="film"), class_="player"),
        id="game",
    )


def pairs_section(run: Run) -> Html | None:
    """The kept rows that come closest to a training row, over all draws; None where nothing was kept."""
    tables = [draw.candidates.assign(draw=at, row=range(len(draw.candidates))) for at, draw in enumerate(run.draws)]
    kept = pd.concat([table[table["kept"]] for table in tables], ignore_index=True)
    if kept.empty:
        return None
    closest = kept.nsmallest(PAIRS, "nearest_distance", keep="first")
    items = [_pair(run, run.draws[int(pair["draw"])], pair) for _, pair in closest.iterrows()]
    return element(
        "section",
        element("h2", "The closest pairs"),
        element(
            "p",
            f"The {len(items)} kept rows, of {len(kept):,} in all draws, that lie nearest to a training row: synthetic left, its nearest "
            "training row right, with their root-mean-square pixel difference (0 is the same picture, 1 is black against white). "
            "This is a copying diagnostic. It is no measure of privacy.",
        ),
        element("ul", *items, class_="pairs"),
        id="pairs",
    )


def _class_card(run: Run, draw: Draw, code: int, name: str) -> Html:
    lines, side = _layout(run)
    shown = lines * COLUMNS
    of_class = draw.candidates["label"].to_numpy() == code
    real = np.flatnonzero(draw.labels["train"] == code)
    kept = np.flatnonzero(of_class & draw.candidates["kept"].to_numpy())
    summary = f"{len(real):,} real, {len(kept):,} kept of {int(of_class.sum()):,} candidates"
    return element(
        "div",
        element("h3", named(name), element("small", summary)),
        _strip(draw.train, real[:shown], side, "Real", f"Real rows of class {name}"),
        _strip(draw.synthetic, kept[:shown], side, "Synthetic, kept", f"Kept synthetic rows of class {name}"),
        _dropped(draw, of_class, side, name),
        class_="class",
    )


def _dropped(draw: Draw, of_class: NDArray[np.bool_], side: int, name: str) -> Html:
    """What selection dropped of a class: a strip for each defect, and a count of what was merely too much."""
    reasons = draw.candidates["reason"].to_numpy()
    rows = {reason: np.flatnonzero(of_class & (reasons == reason)) for reason in REASON_WORDS}
    spare = len(rows.pop("over_quota"))
    strips = [
        _strip(draw.synthetic, at[:COLUMNS], side, f"{len(at):,} {REASON_WORDS[reason]}", f"Dropped rows of class {name}")
        for reason, at in rows.items()
        if len(at)
    ]
    title = f"Dropped for a defect: {sum(map(len, rows.values())):,}" + (f"; {spare:,} beyond the quota" if spare else "")
    return element("figure", element("figcaption", title), *strips)


def _strip(path: Path, rows: NDArray[np.int64], side: int, caption: str, alt: str) -> Html:
    if not len(rows):
        return element("figure", element("figcaption", f"{caption}: none"))
    picture = sheet(images(path, rows.tolist()), COLUMNS, side)
    return element("figure", element("figcaption", caption), picture.img(alt))


def _layout(run: Run) -> tuple[int, int]:
    """How many lines of tiles a class gets and how large a tile is stored, so that the page stays small."""
    height, width, channels = run.schema.shape
    for lines in range(LINES, 0, -1):
        tiles = len(run.schema.classes) * COLUMNS * (2 * lines + len(REASON_WORDS) - 1)
        side = min(MAX_TILE, math.isqrt(PIXEL_BYTES // (tiles * channels)))
        if side >= min(MAX_TILE // 2, max(height, width)):
            break
    return lines, max(side, MIN_TILE)


def _pair(run: Run, draw: Draw, pair: pd.Series[Any]) -> Html:
    name = run.schema.classes[int(pair["label"])]
    neighbour = int(np.flatnonzero(draw.train_ids == pair["nearest_id"])[0])
    both = np.concatenate([images(draw.synthetic, [int(pair["row"])]), images(draw.train, [neighbour])])
    distance = f"{pair['nearest_distance']:.3f}"
    picture = sheet(both, 2, MAX_TILE)
    alt = f"A synthetic row of class {name} beside its nearest training row, difference {distance}"
    return element("li", picture.img(alt), named(name), f", {distance}", f", draw {draw.number}")


def _scores_at(history: pd.DataFrame, step: int) -> str:
    at = history.iloc[int((history["step"] - step).abs().to_numpy().argmin())]
    return f"D scores real rows {at['real_logits']:+.2f} and generated ones {at['fake_logits']:+.2f} on average."

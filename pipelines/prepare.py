"""Stage prepare: read the source, split it for every repeat, report what was found and what was passed over."""

from __future__ import annotations

from ganaug.config import load_params
from ganaug.data.cells import cells_text
from ganaug.data.prepare import prepare
from ganaug.data.reading import told
from ganaug.errors import guard
from ganaug.utils.progress import begin_stage
from ganaug.utils.words import counted


def main() -> None:
    params = load_params()
    begin_stage("prepare", params)
    found = prepare(repeats=params.repeats, **params.prepare.model_dump())
    print(f"Modality {found['modality']}: {found['modality_reason']}; {found['read_as']}")
    for line in told(found):
        print(line)
    if (near := found["copies"]["near"])["rows"]:
        rows, clusters = counted(near["rows"], "row"), counted(near["clusters"], "cluster")
        print(f"Of all rows {rows} in {clusters} are {found['copied']}: a cluster stays in one split")
    if cells := found["repeats"][str(params.repeats[0])]["cells"]:
        print(f"Training rows of repeat {params.repeats[0]}: {cells_text(cells)}")


if __name__ == "__main__":
    guard(main)

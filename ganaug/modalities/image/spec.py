"""What all images of a data set share."""

from __future__ import annotations

from dataclasses import dataclass

from ganaug.modalities.loaded import Spec


@dataclass(frozen=True)
class ImageSpec(Spec):
    """Size of an image.

    Attributes
    ----------
    height, width : int
        Pixels.
    channels : int
        1 (gray), 3 (RGB), 4 (RGBA); of arrays in memory also 2.
    channel_axis : bool, default=True
        Whether arrays in memory have an axis for channels; gray ones may do without.
    """

    height: int
    width: int
    channels: int
    channel_axis: bool = True

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, self.channels

"""Language confusion: where a text leaves the language it should be in. Imports no torch."""

from tlpo.confusion.detector import ConfusionDetector
from tlpo.confusion.stream import StreamingDetector
from tlpo.confusion.types import Detection, Span

__all__ = ["ConfusionDetector", "Detection", "Span", "StreamingDetector"]

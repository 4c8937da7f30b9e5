"""The fonts that images as PNG are drawn with, so that they look the same on every machine."""

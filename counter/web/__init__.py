"""The public HTTP surface: hits come in; numbers, widgets and the tracker go out."""

"""`python -m counter`, the same as the command `counter`."""

from counter.cli import main

if __name__ == "__main__":
    main()

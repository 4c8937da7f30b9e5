"""A believable year of a made-up shop, for trying out and for screenshots: pure functions of a plan and a seed."""

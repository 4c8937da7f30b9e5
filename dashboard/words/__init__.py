"""The words of the dashboard, one file for each language, and numbers and days as that language writes them."""

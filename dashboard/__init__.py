"""The dashboard: pages that show the reports of `counter`, and change sites and accounts."""

"""Questions about a site and their answers: one grammar and one reader for the API and the dashboard."""

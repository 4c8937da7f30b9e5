"""What is asked of a site and what it is answered: one grammar and one reading for the API and the dashboard."""

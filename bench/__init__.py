"""What is fast, measured: every figure beside a bare aiohttp handler that answers the same request with 204."""

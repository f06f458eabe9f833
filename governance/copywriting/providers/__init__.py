"""Who writes: servers that speak OpenAI's protocol, and the offline writer that is always there."""

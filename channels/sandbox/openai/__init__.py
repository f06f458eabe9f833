"""A writer that speaks OpenAI's protocol: the same answer for the same request, and every fault on demand."""

"""Copy that can be trusted: facts, prompts, drafts, the check of every claim, and what went stale."""

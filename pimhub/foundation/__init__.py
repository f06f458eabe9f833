"""The ground: tools that know no model and no app. It imports nothing of ours."""

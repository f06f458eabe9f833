"""Events out to subscribers (`deliver`, `subscriptions`) and messages in from channels (`inbound`)."""

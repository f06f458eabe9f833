"""How people get in: password, second factor, passkey, single sign-on; and how long ago they did."""

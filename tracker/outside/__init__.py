"""The rim: the only HTTP, SMTP, worker processes and clock. Limits, politeness, the address guard live here, once."""

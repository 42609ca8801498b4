"""The time-travel debugger: journals as moments, without replaying them; and its screens."""

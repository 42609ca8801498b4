"""Scenario tests: workflows with mocked tasks, in virtual time."""

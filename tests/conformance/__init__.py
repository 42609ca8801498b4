"""Recorded AWS answers, run here: `make conformance`."""

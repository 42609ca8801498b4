"""Boards of the Wokwi simulator: files checked, scenarios played on emulated boards."""

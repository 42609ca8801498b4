"""Boards: what each is, how tsme gets onto it, and the emulated ones."""

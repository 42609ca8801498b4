"""Tests of `tsme_host.compiler`."""

"""Runs untrusted programs: without a network, without sight of this machine's files, and within limits."""

"""Studies that live in object storage: addresses, stores with conditional puts, a study's working copy, and its lease.

Knows names and bytes. What a study's files mean is other rooms' affair, but for the few that ``synced_names`` lists.
"""

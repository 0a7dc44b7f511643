"""Processes of their own for keys with reserved places: what other clients do does not delay theirs.

The server accepts every connection and checks its key; where the key has a process, the open connection is handed over
to it with what its client has sent. Hot-word lists, keys and figures stay with the server, which is asked for them.
"""

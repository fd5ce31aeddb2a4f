"""Processes and sockets: uvicorn, its workers, who is let connect, and how a server is stopped."""

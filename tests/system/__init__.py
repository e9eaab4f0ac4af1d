"""The whole daemon attacked and used from outside: sockets, HTTP and the command line only."""

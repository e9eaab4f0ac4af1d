"""A certificate authority of the site's own, and listeners that take new certificates.

names, hosts, issuing: what a certificate says. pem, folder: how it lies on disk. office: when
it is made anew. endpoint, contexts, connections: how a listener speaks TLS. service: its life.
"""

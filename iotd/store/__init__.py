"""The one database: transactions off the reactor, group commit, migrations, sealed secrets."""

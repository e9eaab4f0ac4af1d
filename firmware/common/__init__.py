"""What every board of ours shares: Wi-Fi, the link to the daemon, settings, LED, watchdog."""

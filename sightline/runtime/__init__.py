"""What every process needs: clock, threads, logs, stores, an orderly end."""

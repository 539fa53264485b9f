"""The words of Sightline: streams, frames, quality, alerts, ports and errors. Knows numpy and nothing else."""

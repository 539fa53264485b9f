"""Tools for whoever installs or passes on Sightline: locks, licences, bill of materials; `python -m deploy.NAME`."""

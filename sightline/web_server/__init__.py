"""HTTP within bounds: connections, deadlines, the API's server and the health server."""

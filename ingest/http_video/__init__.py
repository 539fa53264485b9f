"""Video over HTTP: one stream, JPEG pictures, HLS playlists."""

"""Cameras that do not exist: served over RTSP and HTTP, well, odd or hostile."""

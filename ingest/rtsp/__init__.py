"""RTSP between FFmpeg and the camera: relay, messages, session descriptions, lost packets."""

"""Pictures made worse as cameras, codecs and networks do."""

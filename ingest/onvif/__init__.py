"""ONVIF: which cameras are in the network, and which streams each of them offers."""

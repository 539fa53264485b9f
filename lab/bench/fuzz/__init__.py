"""Feeds every entry point of the product with damaged input: no crash, no hang, no unforeseen error, bounded memory."""

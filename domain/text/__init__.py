"""Text that comes from outside or goes to people: addresses, names, reasons; what may be kept and what may be shown."""

"""Between the network and the pages: which requests are answered, and with which headers."""

"""What stands between the network and the pages: who is answered, and with which headers."""

"""Image files from outside, for every part of the lab that decodes one."""

"""Reading image files from outside, for every part of the lab that decodes them."""

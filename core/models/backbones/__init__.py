"""Ready-made networks of keras.applications in place of stages of one's own.

``catalog``       what is known of each of them without Keras, from ``table.json``
``layers``        their place in a plan: resizing, their own scaling of pixels, the network
``freezing``      which of their layers learn (Keras)
``weights``       where weights are, and whether they can be had (light)
``weights_file``  what a file of weights holds, read with distrust (light)
``loading``       weights into a network (Keras)
``generate``      writes the table (Keras, by hand)
"""

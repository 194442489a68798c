"""Pretrained models of keras.applications as backbones, in place of a model's own stages.

``catalog``       what is known of each without loading Keras, read from ``table.json``
``layers``        a backbone's layers in a plan: resizing, scaling of pixels, the model
``model``         the backbone as a Keras model; which of its layers are trainable (Keras)
``weights``       where weights are, and whether they are available (light)
``weights_file``  reads a weights file, which may be foreign or damaged (light)
``network_probe`` whether an address on the network answers (light)
``loader``        loads weights into a built model (Keras)
``window_chain``  receptive field and output size of a Keras model
``generate``      writes the table (Keras; run by hand)
"""
